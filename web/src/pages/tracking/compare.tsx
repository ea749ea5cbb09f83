import type { Comparison } from "@millwright/sdk/contract/runs";
import { api } from "../../api.ts";
import { useLive } from "../../live.ts";
import { go, Link, pathTo, useQuery, withQuery } from "../../location.tsx";
import { Card } from "../../ui/card.tsx";
import { Command } from "../../ui/command.tsx";
import { Empty } from "../../ui/empty.tsx";
import { Field } from "../../ui/field.tsx";
import { figure } from "../../ui/format.ts";
import { Page, Pending } from "../../ui/page.tsx";
import { MetricHistory } from "./metric-history.tsx";

const PARTS = ["metrics", "params", "data", "environment", "tags"] as const;
const TITLES = {
  metrics: "Metrics",
  params: "Params",
  data: "Data",
  environment: "Environment",
  tags: "Tags",
} as const;

/** Runs side by side; what is the same in all of them is left out unless asked for. */
export function ComparePage() {
  const query = useQuery();
  const ids = (query.get("runs") ?? "").split(",").filter(Boolean);
  const all = query.get("all") === "true";
  const live = useLive(
    `compare ${ids.join(",")} ${all}`,
    () => api.compare({ runs: ids.join(","), ...(all ? { all: "true" } : {}) }),
    10_000,
  );
  if (ids.length < 2)
    return (
      <Page title="Compare runs">
        <Empty title="Choose two or more runs of an experiment.">
          <Link to={pathTo.experiments()}>All experiments</Link>
        </Empty>
      </Page>
    );
  if (!live.data) return <Pending live={live} title="Compare runs" />;
  const { data } = live;
  const metrics = data.metrics.map(({ key }) => key);
  const asked = query.get("metric");
  const metric = metrics.find((key) => key === asked) ?? metrics[0];
  const shown = PARTS.filter((part) => data[part].length > 0);
  const same = PARTS.filter((part) => data[part].length === 0);
  return (
    <Page
      title={`Compare ${data.runs.length} runs`}
      lead={
        shown.length === 0
          ? "These runs do not differ in anything that was recorded."
          : `They differ in ${shown.join(", ")}.`
      }
      actions={
        <Link className="button" to={withQuery({ all: all ? undefined : "true" })}>
          {all ? "Only what differs" : "Also what is the same"}
        </Link>
      }
    >
      <div className="stack">
        {metric !== undefined && (
          <Card
            title="Course"
            aside={
              <Field label="Metric">
                <select
                  value={metric}
                  onChange={(event) =>
                    go(withQuery({ metric: event.target.value }), { replace: true })
                  }
                >
                  {metrics.map((key) => (
                    <option key={key}>{key}</option>
                  ))}
                </select>
              </Field>
            }
          >
            <MetricHistory
              metric={metric}
              runs={data.runs.map(({ id, name }) => ({
                id,
                name: name === "" ? id.slice(0, 12) : name,
              }))}
            />
          </Card>
        )}
        {shown.map((part) => (
          <Card key={part} title={TITLES[part]} flush>
            <Rows comparison={data} part={part} />
          </Card>
        ))}
        {!all && same.length > 0 && shown.length > 0 && (
          <p className="muted">The same in all: {same.join(", ")}.</p>
        )}
        <p className="same">
          <span>The same from a terminal</span>
          <Command text={`millwright compare ${ids.join(" ")}`} />
        </p>
      </div>
    </Page>
  );
}

function Rows({ comparison, part }: { comparison: Comparison; part: (typeof PARTS)[number] }) {
  return (
    <div className="scroll">
      <table className="rows compared">
        <thead>
          <tr>
            <th scope="col">{TITLES[part]}</th>
            {comparison.runs.map(({ id, name }) => (
              <th key={id} scope="col">
                {name === "" ? id.slice(0, 12) : name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {comparison[part].map(({ key, values }) => (
            <tr key={key}>
              <th scope="row">{key}</th>
              {values.map((value, i) => (
                <td key={comparison.runs[i]!.id} title={value === null ? undefined : String(value)}>
                  {value === null ? (
                    <span className="muted">–</span>
                  ) : typeof value === "number" ? (
                    figure(value)
                  ) : (
                    value
                  )}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
