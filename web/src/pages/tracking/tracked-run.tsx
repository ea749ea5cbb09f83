import type { TrackedRun } from "@millwright/sdk/contract/experiments";
import { api } from "../../api.ts";
import { useLive } from "../../live.ts";
import { Link, pathTo } from "../../location.tsx";
import { Age, useNow } from "../../ui/age.tsx";
import { Card } from "../../ui/card.tsx";
import { Command } from "../../ui/command.tsx";
import { Facts } from "../../ui/facts.tsx";
import { count, duration } from "../../ui/format.ts";
import { Page, Pending } from "../../ui/page.tsx";
import { Artifacts } from "./artifacts.tsx";
import { nameOf, tagOf, tookOf } from "./run-columns.ts";
import { RunMetrics } from "./run-metrics.tsx";
import { Outcome, PartOf, RunParts } from "./run-parts.tsx";
import { TrackedStatus } from "./tracked-status.tsx";

/** Tags that the page says elsewhere. */
const SAID = new Set([
  ...["mlflow.note.content", "mlflow.runName", "mlflow.source.name", "mlflow.parentRunId"],
  ...["mlflow.user", "millwright.decision", "millwright.error"],
]);

export function TrackedRunPage({ id }: { id: string }) {
  const live = useLive(`tracked run ${id}`, () => api.trackedRun({ run_id: id }));
  const experiment = live.data?.run.info.experiment_id ?? "";
  const about = useLive(
    `experiment ${experiment}`,
    async () => (experiment === "" ? undefined : api.experiment({ experiment_id: experiment })),
    Number.POSITIVE_INFINITY,
  );
  if (!live.data) return <Pending live={live} title={`Run ${id.slice(0, 12)}`} />;
  return <Shown run={live.data.run} experiment={about.data?.experiment.name ?? ""} />;
}

/** @param experiment its name; empty while it is not known */
function Shown({ run, experiment }: { run: TrackedRun; experiment: string }) {
  const { info, data, inputs, outputs } = run;
  const { params } = data;
  const tags = data.tags.filter(({ key }) => !SAID.has(key));
  return (
    <Page
      eyebrow={
        <Link to={pathTo.experiment(info.experiment_id)}>
          {experiment === "" ? "Experiment" : experiment}
        </Link>
      }
      title={nameOf(run)}
      lead={tagOf(run, "mlflow.note.content")}
    >
      <div className="stack">
        <section className="card" aria-label="Summary">
          <RunFacts run={run} />
          {experiment !== "" && <Outcome {...{ run, experiment }} />}
          <p className="same">
            <span>The same from Python</span>
            <Command text={`mlflow.get_run("${info.run_id}")`} />
          </p>
        </section>
        <RunParts run={run} />
        <RunMetrics run={run} />
        <div className="columns">
          <Card title={`Params (${count(params.length)})`} flush>
            <Pairs of={params} none="No param was logged." />
          </Card>
          <Card title={`Tags (${count(tags.length)})`} flush>
            <Pairs of={tags} none="No further tag." />
          </Card>
        </div>
        {inputs.dataset_inputs.length > 0 && (
          <Card title="Data" flush>
            <Pairs
              of={inputs.dataset_inputs.map(({ dataset, tags: of }) => ({
                key: `${dataset.name}${of.length === 0 ? "" : ` (${of.map(({ value }) => value).join(", ")})`}`,
                value: dataset.digest,
              }))}
              none=""
            />
          </Card>
        )}
        {outputs.model_outputs.length > 0 && (
          <Card title="Models it logged">
            {outputs.model_outputs.map(({ model_id: model }) => (
              <p key={model}>
                <Command text={`mlflow.pyfunc.load_model("models:/${model}")`} />
              </p>
            ))}
          </Card>
        )}
        <Artifacts run={info.run_id} />
      </div>
    </Page>
  );
}

function RunFacts({ run }: { run: TrackedRun }) {
  const now = useNow();
  const { info } = run;
  const parent = tagOf(run, "mlflow.parentRunId");
  const source = tagOf(run, "mlflow.source.name");
  const by = tagOf(run, "mlflow.user") ?? info.user_id;
  const took = tookOf(run, now);
  return (
    <Facts
      of={[
        ["State", <TrackedStatus key="s" status={info.status} />],
        ["Started", <Age key="a" at={info.start_time} />],
        [
          info.status === "RUNNING" ? "Running for" : "Took",
          took === undefined ? "–" : duration(took),
        ],
        ...(by === "" ? [] : ([["By", by]] as const)),
        ...(source === undefined ? [] : ([["Source", source]] as const)),
        ...(parent === undefined
          ? []
          : ([
              ["Part of", <PartOf key="p" id={parent} experiment={info.experiment_id} />],
            ] as const)),
        ...(info.run_id.startsWith("run_") && parent === undefined
          ? ([
              [
                "Steps",
                <Link key="r" to={pathTo.run(info.run_id)}>
                  the run of the pipeline
                </Link>,
              ],
            ] as const)
          : []),
      ]}
    />
  );
}

/** Keys and values, in a box that scrolls when there are many. */
function Pairs({
  of,
  none,
}: {
  of: readonly { readonly key: string; readonly value: string }[];
  none: string;
}) {
  if (of.length === 0) return <p className="foot muted">{none}</p>;
  return (
    <div className="scroll tall">
      <table className="rows pairs">
        <tbody>
          {of.map(({ key, value }) => (
            <tr key={`${key} ${value}`}>
              <th scope="row">{key}</th>
              <td>{value.length > 400 ? `${value.slice(0, 400)}…` : value}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
