import type { Series } from "@millwright/sdk/contract/shapes";
import { extent, linePath, scale } from "./scale.ts";

const WIDTH = 120;
const HEIGHT = 32;

/** The shape of a series, its threshold dashed, alarms as dots. Told in words to screen readers. */
export function Sparkline({ series }: { series: Series }) {
  const points = series.points.slice(-60);
  const x = scale([0, Math.max(1, points.length - 1)], [3, WIDTH - 3]);
  const y = scale(
    extent(
      points.flatMap((p) => [p.value, p.threshold, p.expected]),
      0.08,
    ),
    [HEIGHT - 3, 3],
  );
  const alarms = points.filter((p) => p.alarm).length;
  const last = points.at(-1);
  const text = `${series.title}: ${points.length} windows, last ${last?.value?.toPrecision(3) ?? "unknown"}, ${alarms} alarms`;
  return (
    <svg className="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={text}>
      <title>{text}</title>
      <path
        className="threshold"
        d={linePath(
          points.map((p, i) => [x(i), p.threshold === null ? null : y(p.threshold)] as const),
        )}
      />
      <path
        className="expected"
        d={linePath(
          points.map((p, i) => [x(i), p.expected === null ? null : y(p.expected)] as const),
        )}
      />
      <path
        className="line"
        d={linePath(points.map((p, i) => [x(i), p.value === null ? null : y(p.value)] as const))}
      />
      {points.map((p, i) =>
        p.alarm && p.value !== null ? (
          <circle key={p.from} className="alarm" cx={x(i)} cy={y(p.value)} r="2.6" />
        ) : null,
      )}
    </svg>
  );
}
