import type { Metric } from "@millwright/sdk/contract/shapes";
import { quantity } from "./format.ts";

/** "0.913" with its 95 % interval smaller beside it. */
export function MetricValue({ metric, named = false }: { metric: Metric; named?: boolean }) {
  return (
    <span className="metric">
      {named && <span className="name">{metric.title}</span>}
      <b>{quantity(metric.value, metric.unit)}</b>
      {metric.low !== null && metric.high !== null && (
        <span className="interval" title="95 % interval">
          {quantity(metric.low, metric.unit)} – {quantity(metric.high, metric.unit)}
        </span>
      )}
    </span>
  );
}
