import type { RunSummary } from "@millwright/sdk/contract/shapes";
import { Link, pathTo } from "../../location.tsx";
import { Age, useNow } from "../../ui/age.tsx";
import { StateBadge } from "../../ui/badge.tsx";
import { duration } from "../../ui/format.ts";
import { Progress } from "./progress.tsx";

/** Runs, one a row: what, for whom, how it stands, how long it took. */
export function RunTable({ runs }: { runs: readonly RunSummary[] }) {
  const now = useNow();
  return (
    <div className="scroll">
      <table className="rows folds">
        <thead>
          <tr>
            <th scope="col">Run</th>
            <th scope="col">State</th>
            <th scope="col" className="wide">
              What happens
            </th>
            <th scope="col">Started</th>
            <th scope="col" className="number">
              Took
            </th>
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <tr key={run.id}>
              <th scope="row">
                <Link to={pathTo.run(run.id)}>
                  {run.pipeline}
                  {run.subject !== null && ` · ${run.subject}`}
                </Link>
                <small className="id">{run.id}</small>
              </th>
              <td>
                <StateBadge state={run.state} />
              </td>
              <td className="wide">
                {run.error !== null ? (
                  <span className="clip bad-text">{run.error}</span>
                ) : run.finishedAt === null && run.progress !== null ? (
                  <Progress progress={run.progress} />
                ) : (
                  <span className="clip muted">
                    {run.decision ?? (run.state === "queued" ? "waits for a worker" : "")}
                  </span>
                )}
              </td>
              <td data-label="Started">
                <Age at={run.createdAt} />
              </td>
              <td className="number" data-label="Took">
                {duration((run.finishedAt ?? Math.max(now, run.createdAt)) - run.createdAt)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
