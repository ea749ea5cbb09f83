import type { TrackedRun } from "@millwright/sdk/contract/experiments";
import { Link, pathTo } from "../../location.tsx";
import { Age, useNow } from "../../ui/age.tsx";
import { Badge } from "../../ui/badge.tsx";
import { duration, figure } from "../../ui/format.ts";
import {
  type Column,
  columnName,
  isWinner,
  metricOf,
  nameOf,
  orderOf,
  paramOf,
  tagOf,
  tookOf,
} from "./run-columns.ts";
import { TrackedStatus } from "./tracked-status.tsx";

/** Tracked runs, one a row, with the metrics and params wanted. A click on a column's name orders by it. */
export function TrackedRunTable({
  runs,
  columns,
  chosen = [],
  choose,
  order,
  onOrder,
}: {
  runs: readonly TrackedRun[];
  columns: readonly Column[];
  /** Ids. */
  chosen?: readonly string[];
  /** Left out: there is nothing to choose. */
  choose?: (run: string, wanted: boolean) => void;
  /** `metrics.`auc` DESC`; empty: newest first. */
  order: string;
  onOrder: (order: string) => void;
}) {
  const now = useNow();
  const names = new Map(runs.map((run) => [run.info.run_id, nameOf(run)]));
  return (
    <div className="scroll">
      <table className="rows folds tracked">
        <thead>
          <tr>
            <th scope="col">Run</th>
            <th scope="col">State</th>
            <th scope="col">Started</th>
            <th scope="col" className="number">
              Took
            </th>
            {columns.map((column) => (
              <Head key={columnName(column)} {...{ column, order, onOrder }} />
            ))}
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => {
            const { info } = run;
            const took = tookOf(run, now);
            const parent = tagOf(run, "mlflow.parentRunId");
            return (
              <tr key={info.run_id}>
                <th scope="row">
                  <span className="pick">
                    {choose !== undefined && (
                      <input
                        type="checkbox"
                        aria-label={`Choose ${nameOf(run)} for comparison`}
                        checked={chosen.includes(info.run_id)}
                        onChange={(event) => choose(info.run_id, event.target.checked)}
                      />
                    )}
                    <span>
                      <Link to={pathTo.trackedRun(info.experiment_id, info.run_id)}>
                        {nameOf(run)}
                      </Link>
                      {isWinner(run) && <Badge tone="good">chosen</Badge>}
                      {(parent === undefined || choose !== undefined) && (
                        <small>
                          {parent === undefined
                            ? info.user_id
                            : `part of ${names.get(parent) ?? parent.slice(0, 12)}`}
                        </small>
                      )}
                    </span>
                  </span>
                </th>
                <td>
                  <TrackedStatus status={info.status} />
                </td>
                <td data-label="Started">
                  <Age at={info.start_time} />
                </td>
                <td className="number" data-label="Took">
                  {took === undefined ? "–" : duration(took)}
                </td>
                {columns.map((column) => (
                  <Cell key={columnName(column)} {...{ run, column }} />
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function Head({
  column,
  order,
  onOrder,
}: {
  column: Column;
  order: string;
  onOrder: (order: string) => void;
}) {
  const key = orderOf(column);
  const now = key !== undefined && order.startsWith(`${key} `) ? order.slice(key.length + 1) : "";
  const sort = now === "DESC" ? "descending" : now === "ASC" ? "ascending" : "none";
  return (
    <th scope="col" className={column.kind === "metric" ? "number" : ""} aria-sort={sort}>
      {key === undefined ? (
        column.key
      ) : (
        <button
          type="button"
          className="order"
          title={`${column.kind} ${column.key}: order by it`}
          onClick={() =>
            onOrder(now === "DESC" ? `${key} ASC` : now === "ASC" ? "" : `${key} DESC`)
          }
        >
          {column.key}
          <span aria-hidden="true">{now === "DESC" ? " ↓" : now === "ASC" ? " ↑" : ""}</span>
        </button>
      )}
    </th>
  );
}

function Cell({ run, column: { kind, key } }: { run: TrackedRun; column: Column }) {
  if (kind === "param") {
    const value = paramOf(run, key);
    return (
      <td data-label={key} className={value === undefined ? "none" : undefined}>
        <span className="clip" title={value}>
          {value ?? <span className="muted">–</span>}
        </span>
      </td>
    );
  }
  const value = metricOf(run, key);
  return (
    <td
      className={value === undefined ? "number none" : "number"}
      data-label={key}
      title={value === undefined ? undefined : String(value)}
    >
      {value === undefined ? "–" : figure(value)}
    </td>
  );
}
