import type { Metric } from "@millwright/sdk/contract/shapes";
import { quantity } from "../ui/format.ts";
import { scale } from "./scale.ts";

const WIDTH = 200;
const HEIGHT = 18;

/** A point with its 95 % interval on a domain shared by all rows; `mark` draws a line to compare with. What lies outside is an arrow. */
export function IntervalBar({
  metric,
  domain,
  mark,
  strong = false,
}: {
  metric: Metric;
  domain: readonly [number, number];
  mark?: number | undefined;
  strong?: boolean;
}) {
  const x = scale(domain, [6, WIDTH - 6]);
  const low = metric.low ?? metric.value;
  const high = metric.high ?? metric.value;
  const text = `${metric.title} ${quantity(metric.value, metric.unit)}, 95 % interval ${quantity(low, metric.unit)} to ${quantity(high, metric.unit)}`;
  const mid = HEIGHT / 2;
  const outside = high < domain[0] ? "left" : low > domain[1] ? "right" : undefined;
  return (
    <svg
      className={strong ? "interval-bar strong" : "interval-bar"}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={text}
    >
      <title>{text}</title>
      <line className="track" x1="0" x2={WIDTH} y1={mid} y2={mid} />
      {mark !== undefined && <line className="mark" x1={x(mark)} x2={x(mark)} y1="0" y2={HEIGHT} />}
      {outside !== undefined && (
        <path
          className="outside"
          d={
            outside === "left"
              ? `M8 ${mid - 4}L2 ${mid}L8 ${mid + 4}`
              : `M192 ${mid - 4}L198 ${mid}L192 ${mid + 4}`
          }
        />
      )}
      {outside === undefined && (
        <>
          <line className="range" x1={x(low)} x2={x(high)} y1={mid} y2={mid} />
          <line className="end" x1={x(low)} x2={x(low)} y1={mid - 4} y2={mid + 4} />
          <line className="end" x1={x(high)} x2={x(high)} y1={mid - 4} y2={mid + 4} />
          <line
            className="point"
            x1={x(metric.value)}
            x2={x(metric.value)}
            y1={mid - 6}
            y2={mid + 6}
          />
        </>
      )}
    </svg>
  );
}
