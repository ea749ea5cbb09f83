import type { Comparison } from "@millwright/sdk/contract/runs";
import { LineKey, STYLES } from "../../charts/line-key.tsx";
import { Link, pathTo } from "../../location.tsx";
import { Age } from "../../ui/age.tsx";
import { duration, figure } from "../../ui/format.ts";
import { shownName } from "./run-columns.ts";
import { TrackedStatus } from "./tracked-status.tsx";

export const PARTS = ["metrics", "params", "data", "environment", "tags"] as const;
const TITLES = {
  metrics: "Metrics, latest value",
  params: "Params",
  data: "Data, by digest",
  environment: "Environment",
  tags: "Tags",
} as const;

/** One column a run, under its name and the sign of its line. Whether high or low is good is for the reader to say. */
export function ComparedTable({
  comparison,
  parts,
}: {
  comparison: Comparison;
  parts: readonly (typeof PARTS)[number][];
}) {
  const { runs } = comparison;
  return (
    <div className="scroll">
      <table className="rows compared">
        <thead>
          <tr>
            <th scope="col">Run</th>
            {runs.map(({ id, name, experiment }, i) => (
              <th key={id} scope="col">
                <span className={`key hue-${i % STYLES}`}>
                  <LineKey />
                  <Link to={pathTo.trackedRun(experiment, id)}>{shownName(id, name)}</Link>
                </span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">State</th>
            {runs.map(({ id, status, startTime, endTime }) => (
              <td key={id}>
                <TrackedStatus status={status} />
                <small>
                  <Age at={startTime} />
                  {endTime !== null && `, took ${duration(endTime - startTime)}`}
                </small>
              </td>
            ))}
          </tr>
        </tbody>
        {parts.map((part) => (
          <tbody key={part}>
            <tr className="divider">
              <th scope="colgroup" colSpan={runs.length + 1}>
                <span>{TITLES[part]}</span>
              </th>
            </tr>
            {comparison[part].map((row) => (
              <Row key={row.key} row={row} runs={runs} />
            ))}
          </tbody>
        ))}
      </table>
    </div>
  );
}

function Row({
  row: { key: name, values },
  runs,
}: {
  row: Comparison["metrics"][number];
  runs: Comparison["runs"];
}) {
  const numbers = values.filter((value) => typeof value === "number");
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  const place = (value: number): string =>
    low === high ? "" : value === high ? "highest" : value === low ? "lowest" : "";
  return (
    <tr>
      <th scope="row">{name}</th>
      {values.map((value, i) => (
        <td key={runs[i]!.id} title={value === null ? undefined : String(value)}>
          {value === null ? (
            <span className="muted">–</span>
          ) : typeof value === "number" ? (
            <>
              {figure(value)}
              <small>{place(value)}</small>
            </>
          ) : (
            value
          )}
        </td>
      ))}
    </tr>
  );
}
