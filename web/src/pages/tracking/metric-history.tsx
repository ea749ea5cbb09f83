import { api } from "../../api.ts";
import { HistoryChart } from "../../charts/history-chart.tsx";
import { useLive } from "../../live.ts";
import { plural } from "../../ui/format.ts";

/** More points than the chart has pixels would not be seen. */
const POINTS = 500;

/** One metric of some runs over its steps. */
export function MetricHistory({
  metric,
  runs,
}: {
  metric: string;
  runs: readonly { readonly id: string; readonly name: string }[];
}) {
  const ids = runs.map(({ id }) => id);
  const live = useLive(
    `history ${metric} ${ids.join(" ")}`,
    () => api.metricHistory({ run_ids: ids, metric_key: metric, max_results: POINTS }),
    5000,
  );
  if (live.data === undefined)
    return <p className="loading">{live.error?.message ?? "Loading…"}</p>;
  const lines = runs.map(({ id, name }) => ({
    ...{ id, name },
    points: live
      .data!.metrics.filter((point) => point.run_id === id)
      .map(({ step, value }) => ({ step, value }))
      .sort((a, b) => a.step - b.step),
  }));
  const steps = new Set(live.data.metrics.map(({ step }) => step)).size;
  if (steps > 1) return <HistoryChart metric={metric} lines={lines} />;
  return (
    <p className="muted">
      {metric} was logged at {plural(steps, "step")} only: there is no course to draw. The table has
      its value.
    </p>
  );
}
