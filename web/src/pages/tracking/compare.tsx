import type { Comparison } from "@millwright/sdk/contract/runs";
import { api } from "../../api.ts";
import { useLive } from "../../live.ts";
import { go, Link, pathTo, useQuery, withQuery } from "../../location.tsx";
import { Card } from "../../ui/card.tsx";
import { Command } from "../../ui/command.tsx";
import { Empty } from "../../ui/empty.tsx";
import { Field } from "../../ui/field.tsx";
import { Page, Pending } from "../../ui/page.tsx";
import { ComparedTable, PARTS } from "./compared-table.tsx";
import { MetricHistory } from "./metric-history.tsx";
import { shownName } from "./run-columns.ts";

/** Runs side by side; what is the same in all of them is left out unless asked for. */
export function ComparePage() {
  const ids = (useQuery().get("runs") ?? "").split(",").filter(Boolean);
  if (ids.length >= 2) return <Compared ids={ids} />;
  return (
    <Page title="Compare runs">
      <Empty title="Choose two or more runs of an experiment.">
        <Link to={pathTo.experiments()}>All experiments</Link>
      </Empty>
    </Page>
  );
}

function Compared({ ids }: { ids: readonly string[] }) {
  const query = useQuery();
  const all = query.get("all") === "true";
  const live = useLive(
    `compare ${ids.join(",")} ${all}`,
    () => api.compare({ runs: ids.join(","), ...(all ? { all: "true" } : {}) }),
    10_000,
  );
  if (!live.data) return <Pending live={live} title="Compare runs" />;
  const { data } = live;
  const experiments = [...new Set(data.runs.map(({ experiment }) => experiment))];
  const shown = PARTS.filter((part) => data[part].length > 0);
  const same = PARTS.filter((part) => data[part].length === 0);
  return (
    <Page
      eyebrow={
        experiments.length === 1 ? (
          <Link to={pathTo.experiment(experiments[0]!)}>The runs' experiment</Link>
        ) : (
          <Link to={pathTo.experiments()}>Experiments</Link>
        )
      }
      title={`Compare ${data.runs.length} runs`}
      lead={
        shown.length === 0
          ? "These runs do not differ in anything that was recorded."
          : all
            ? "Everything that was recorded of them."
            : `They differ in ${inWords(shown)}${same.length === 0 ? "" : `, not in ${inWords(same, "or")}`}.`
      }
      actions={
        <Link className="button" to={withQuery({ all: all ? undefined : "true" })}>
          {all ? "Only what differs" : "Also what is the same"}
        </Link>
      }
    >
      <div className="stack">
        <Course data={data} asked={query.get("metric")} />
        {shown.length > 0 && (
          <section className="card flush" aria-label="Side by side">
            <ComparedTable comparison={data} parts={shown} />
          </section>
        )}
        <p className="same">
          <span>The same from a terminal</span>
          <Command text={`millwright compare ${ids.join(" ")}`} />
        </p>
      </div>
    </Page>
  );
}

function Course({ data, asked }: { data: Comparison; asked: string | null }) {
  const keys = data.metrics.map(({ key }) => key);
  const metric = keys.find((key) => key === asked) ?? keys[0];
  if (metric === undefined) return null;
  return (
    <Card
      title="Course"
      aside={
        <Field label="Metric">
          <select
            value={metric}
            onChange={(event) => go(withQuery({ metric: event.target.value }), { replace: true })}
          >
            {keys.map((key) => (
              <option key={key}>{key}</option>
            ))}
          </select>
        </Field>
      }
    >
      <MetricHistory
        metric={metric}
        runs={data.runs.map(({ id, name }) => ({ id, name: shownName(id, name) }))}
      />
    </Card>
  );
}

const inWords = (words: readonly string[], and = "and"): string =>
  words.length < 2
    ? words.join("")
    : `${words.slice(0, -1).join(", ")} ${and} ${words[words.length - 1]}`;
