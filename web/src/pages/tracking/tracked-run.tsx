import type { TrackedRun } from "@millwright/sdk/contract/experiments";
import { api } from "../../api.ts";
import { useLive } from "../../live.ts";
import { go, Link, pathTo, useQuery, withQuery } from "../../location.tsx";
import { Age, useNow } from "../../ui/age.tsx";
import { Card } from "../../ui/card.tsx";
import { Command } from "../../ui/command.tsx";
import { Facts } from "../../ui/facts.tsx";
import { count, duration, figure } from "../../ui/format.ts";
import { Page, Pending } from "../../ui/page.tsx";
import { Artifacts } from "./artifacts.tsx";
import { MetricHistory } from "./metric-history.tsx";
import { nameOf, tagOf } from "./run-columns.ts";
import { TrackedStatus } from "./tracked-status.tsx";

export function TrackedRunPage({ experiment, id }: { experiment: string; id: string }) {
  const live = useLive(`tracked run ${id}`, () => api.trackedRun({ run_id: id }));
  if (!live.data) return <Pending live={live} title={`Run ${id.slice(0, 12)}`} />;
  return <Shown run={live.data.run} experiment={experiment} />;
}

function Shown({ run, experiment }: { run: TrackedRun; experiment: string }) {
  const now = useNow();
  const { info, data, inputs, outputs } = run;
  const { metrics, params, tags } = data;
  const asked = useQuery().get("metric");
  const metric = metrics.find(({ key }) => key === asked)?.key ?? metrics[0]?.key;
  const parent = tagOf(run, "mlflow.parentRunId");
  const own = info.run_id.startsWith("run_");
  const took = (info.end_time ?? Math.max(now, info.start_time)) - info.start_time;
  return (
    <Page
      eyebrow={<Link to={pathTo.experiment(experiment)}>Experiment</Link>}
      title={nameOf(run)}
      lead={tagOf(run, "mlflow.note.content")}
    >
      <div className="stack">
        <section className="card" aria-label="Summary">
          <Facts
            of={[
              ["State", <TrackedStatus key="s" status={info.status} />],
              ["Started", <Age key="a" at={info.start_time} />],
              [info.end_time === undefined ? "Running for" : "Took", duration(took)],
              ["By", info.user_id === "" ? "unknown" : info.user_id],
              ["Source", tagOf(run, "mlflow.source.name") ?? "unknown"],
              ["Id", <code key="i">{info.run_id}</code>],
              ...(parent === undefined
                ? []
                : ([
                    [
                      "Part of",
                      <Link key="p" to={pathTo.trackedRun(experiment, parent)}>
                        {parent.slice(0, 16)}
                      </Link>,
                    ],
                  ] as const)),
              ...(own && parent === undefined
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
          <p className="same">
            <span>The same from Python</span>
            <Command text={`mlflow.get_run("${info.run_id}")`} />
          </p>
        </section>
        <Card title={`Metrics (${count(metrics.length)})`} flush>
          {metrics.length === 0 ? (
            <p className="foot muted">No metric was logged.</p>
          ) : (
            <>
              <div className="pad">
                {metric !== undefined && (
                  <MetricHistory metric={metric} runs={[{ id: info.run_id, name: metric }]} />
                )}
              </div>
              <div className="scroll tall">
                <table className="rows">
                  <thead>
                    <tr>
                      <th scope="col">Metric</th>
                      <th scope="col" className="number">
                        Latest
                      </th>
                      <th scope="col" className="number">
                        At step
                      </th>
                    </tr>
                  </thead>
                  <tbody>
                    {metrics.map(({ key, value, step }) => (
                      <tr key={key} className={key === metric ? "shown" : ""}>
                        <th scope="row">
                          <button
                            type="button"
                            className="order"
                            aria-pressed={key === metric}
                            title={`Draw ${key}`}
                            onClick={() => go(withQuery({ metric: key }), { replace: true })}
                          >
                            {key}
                          </button>
                        </th>
                        <td className="number" title={String(value)}>
                          {Number.isFinite(value) ? figure(value) : String(value)}
                        </td>
                        <td className="number">{count(step)}</td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
            </>
          )}
        </Card>
        <div className="columns">
          <Card title={`Params (${count(params.length)})`} flush>
            <Pairs of={params} none="No param was logged." />
          </Card>
          <Card title={`Tags (${count(tags.length)})`} flush>
            <Pairs of={tags.filter(({ key }) => key !== "mlflow.note.content")} none="No tag." />
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
