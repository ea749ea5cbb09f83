import type { RunDetail, RunStepView } from "@millwright/sdk/contract/runs";
import { api } from "../../api.ts";
import { type Live, useLive } from "../../live.ts";
import { Link, pathTo } from "../../location.tsx";
import { Action } from "../../ui/action.tsx";
import { Age, useNow } from "../../ui/age.tsx";
import { StateBadge } from "../../ui/badge.tsx";
import { Card } from "../../ui/card.tsx";
import { Command } from "../../ui/command.tsx";
import { Empty } from "../../ui/empty.tsx";
import { Facts } from "../../ui/facts.tsx";
import { duration, moment } from "../../ui/format.ts";
import { Page, Pending } from "../../ui/page.tsx";
import { Progress } from "./progress.tsx";
import { RunChildren } from "./run-children.tsx";
import { SendSignal, waitedFor } from "./send-signal.tsx";

export function RunPage({ id }: { id: string }) {
  const live = useLive(`run ${id}`, () => api.run({ run: id }));
  if (!live.data) return <Pending live={live} title={`Run ${id}`} />;
  return <Shown run={live.data} live={live} />;
}

function Shown({ run, live }: { run: RunDetail; live: Live<RunDetail> }) {
  const now = useNow();
  const active = run.finishedAt === null;
  const took = (run.finishedAt ?? Math.max(now, run.createdAt)) - run.createdAt;
  return (
    <Page
      eyebrow={<Link to={pathTo.runs()}>Runs</Link>}
      title={run.subject === null ? run.pipeline : `${run.pipeline} · ${run.subject}`}
      actions={
        active && (
          <>
            {waitedFor(run).map((topic) => (
              <SendSignal key={topic} run={run.id} topic={topic} onSent={live.refresh} />
            ))}
            <Action
              label="Cancel run"
              title="Cancel this run?"
              tone="danger"
              command={`millwright cancel ${run.id}`}
              act={async () => {
                await api.cancel({ run: run.id });
                live.refresh();
              }}
            >
              <p>
                The step in flight is stopped. Finished steps keep their results; nothing is undone.
              </p>
            </Action>
          </>
        )
      }
    >
      {run.error !== null && (
        <div className="notice bad" role="alert">
          <b>This run failed.</b> <span className="prewrap">{run.error}</span>
        </div>
      )}
      <div className="stack">
        <section className="card" aria-label="Summary">
          <Facts
            of={[
              ["State", <StateBadge key="s" state={run.state} />],
              ["Started", <Age key="a" at={run.createdAt} />],
              [active ? "Running for" : "Took", duration(took)],
              [
                "Steps",
                `${run.steps.filter((s) => s.state === "succeeded").length} of ${run.steps.length} finished`,
              ],
              ["Id", <code key="i">{run.id}</code>],
              ...(run.parent === null
                ? []
                : ([["Started by", <ParentLink key="p" run={run.parent} />]] as const)),
              ...(run.subject === null ? [] : ([["About", <About key="m" run={run} />]] as const)),
            ]}
          />
          {run.decision !== null && <p className="decision">{run.decision}</p>}
          {active && run.progress !== null && <Progress progress={run.progress} />}
          <p className="same">
            <span>The same from a terminal</span>
            <Command text={`millwright show ${run.id}`} />
          </p>
        </section>
        <Card title="Steps" flush>
          {run.steps.length === 0 ? (
            <Empty title="No step has started.">
              {run.state === "queued"
                ? "The run waits for a worker. `millwright up` starts one if none is running."
                : "The first step is about to start."}
            </Empty>
          ) : (
            <Steps steps={run.steps} from={run.createdAt} to={run.createdAt + took} />
          )}
        </Card>
        <RunChildren run={run.id} active={active} />
        <div className="columns">
          <Card title="Input">
            <pre>{JSON.stringify(run.input, null, 2)}</pre>
          </Card>
          <Card title="Result">
            {run.output === null || run.output === undefined ? (
              <p className="muted">{active ? "Not finished yet." : "This run left no result."}</p>
            ) : (
              <pre>{JSON.stringify(run.output, null, 2)}</pre>
            )}
          </Card>
        </div>
      </div>
    </Page>
  );
}

const ParentLink = ({ run }: { run: string }) => (
  <Link to={pathTo.run(run)}>
    <code>{run}</code>
  </Link>
);

function About({ run }: { run: RunDetail }) {
  const names = run.input as { model?: unknown } | null;
  const subject = run.subject ?? "";
  return typeof names?.model === "string" ? (
    <Link to={pathTo.model(subject)}>model {subject}</Link>
  ) : (
    <Link to={pathTo.dataset(subject)}>dataset {subject}</Link>
  );
}

/** Steps in order, each with a bar where in the run's time it lay. */
function Steps({ steps, from, to }: { steps: readonly RunStepView[]; from: number; to: number }) {
  const span = Math.max(1, to - from);
  return (
    <div className="scroll">
      <table className="rows folds steps">
        <thead>
          <tr>
            <th scope="col">Step</th>
            <th scope="col">State</th>
            <th scope="col" className="wide">
              When
            </th>
            <th scope="col" className="number">
              Took
            </th>
          </tr>
        </thead>
        <tbody>
          {steps.map((step) => {
            const end = step.finishedAt ?? (step.startedAt === null ? null : to);
            const left = step.startedAt === null ? 0 : ((step.startedAt - from) / span) * 100;
            const width =
              end === null || step.startedAt === null ? 0 : ((end - step.startedAt) / span) * 100;
            return (
              <tr key={step.name}>
                <th scope="row">
                  {step.name}
                  {step.attempts > 1 && <small>{step.attempts} attempts</small>}
                  {step.error !== null && <small className="bad-text">{step.error}</small>}
                </th>
                <td>
                  <StateBadge state={step.state} />
                </td>
                <td className="wide">
                  <span
                    className={`lane ${step.state}`}
                    title={step.startedAt === null ? "not started" : moment(step.startedAt)}
                  >
                    <span style={{ left: `${left}%`, width: `max(3px, ${width}%)` }} />
                  </span>
                </td>
                <td className="number" data-label="Took">
                  {end === null || step.startedAt === null ? "–" : duration(end - step.startedAt)}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
