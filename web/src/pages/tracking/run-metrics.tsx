import type { TrackedRun } from "@millwright/sdk/contract/experiments";
import { go, useQuery, withQuery } from "../../location.tsx";
import { Card } from "../../ui/card.tsx";
import { count, figure } from "../../ui/format.ts";
import { MetricHistory } from "./metric-history.tsx";
import { BOUND, metricOf } from "./run-columns.ts";

/** The metrics of a run: the course of one, and the latest value of each. An interval stands beside its metric. */
export function RunMetrics({ run }: { run: TrackedRun }) {
  const asked = useQuery().get("metric");
  const { metrics: all } = run.data;
  const keys = new Set(all.map(({ key }) => key));
  const metrics = all.filter(({ key }) => !BOUND.test(key) || !keys.has(key.replace(BOUND, "")));
  // One with a course says more than one that was logged once, and quality more than speed.
  const isTime = ({ key }: { key: string }): number => Number(/seconds|_ms$|time/.test(key));
  const longest = [...metrics].sort((a, b) => b.step - a.step || isTime(a) - isTime(b))[0];
  const metric = metrics.find(({ key }) => key === asked) ?? longest;
  return (
    <Card title={`Metrics (${count(metrics.length)})`} flush>
      {metric === undefined ? (
        <p className="foot muted">No metric was logged.</p>
      ) : (
        <>
          {(metric.step > 0 || metric.key === asked) && (
            <div className="pad">
              <MetricHistory
                metric={metric.key}
                runs={[{ id: run.info.run_id, name: metric.key }]}
              />
            </div>
          )}
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
                  <tr
                    key={key}
                    className={key === metric.key && metric.step > 0 ? "shown" : undefined}
                  >
                    <th scope="row">
                      <button
                        type="button"
                        className="order"
                        aria-pressed={key === metric.key}
                        title={`Draw ${key}`}
                        onClick={() => go(withQuery({ metric: key }), { replace: true })}
                      >
                        {key}
                      </button>
                    </th>
                    <td className="number" title={String(value)}>
                      {figure(value)}
                      <Interval run={run} metric={key} />
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
  );
}

function Interval({ run, metric }: { run: TrackedRun; metric: string }) {
  const [lower, upper] = [metricOf(run, `${metric}.lower`), metricOf(run, `${metric}.upper`)];
  if (lower === undefined && upper === undefined) return null;
  const end = (value: number | undefined) => (value === undefined ? "…" : figure(value));
  return (
    <small>
      95 % interval {end(lower)} to {end(upper)}
    </small>
  );
}
