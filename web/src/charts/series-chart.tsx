import type { Series } from "@millwright/sdk/contract/shapes";
import { count, day, moment } from "../ui/format.ts";
import { extent, linePath, scale, ticks } from "./scale.ts";
import { useReading } from "./use-reading.ts";
import { useWidth } from "./use-width.ts";
import { ValueGrid } from "./value-grid.tsx";

const HEIGHT = 190;
const LEFT = 48;
const RIGHT = 10;
const TOP = 10;
const BOTTOM = 26;

/** A monitored quantity over its windows: value, 95 % band, threshold, alarms. Arrow keys and pointer read single windows. */
export function SeriesChart({ series }: { series: Series }) {
  const [frame, width] = useWidth();
  const { points } = series;
  const x = scale([0, Math.max(1, points.length - 1)], [LEFT, width - RIGHT]);
  const domain = extent(
    points.flatMap((p) => [p.value, p.low, p.high, p.threshold, p.expected]),
    0.06,
  );
  const y = scale(domain, [HEIGHT - BOTTOM, TOP]);
  const path = (of: (p: Series["points"][number]) => number | null) =>
    linePath(
      points.map((p, i) => {
        const value = of(p);
        return [x(i), value === null ? null : y(value)] as const;
      }),
    );
  const alarms = points.filter((p) => p.alarm).length;
  const summary = `${series.title}: ${points.length} windows, ${alarms} alarms. Arrow keys read single windows.`;
  const [at, handlers] = useReading(points.length, (wanted) =>
    Math.round(((wanted - LEFT) / Math.max(1, width - LEFT - RIGHT)) * (points.length - 1)),
  );
  const shown = at === undefined ? undefined : points[at];
  const labels =
    points.length < 2 ? [0] : [0, Math.floor((points.length - 1) / 2), points.length - 1];
  return (
    <figure className="chart" ref={frame}>
      <svg
        viewBox={`0 0 ${width} ${HEIGHT}`}
        height={HEIGHT}
        role="img"
        aria-label={summary}
        {...handlers}
      >
        <ValueGrid values={ticks(domain, 4)} y={y} across={[LEFT, width - RIGHT]} name={short} />
        {labels.map((i, k) => (
          <text
            key={i}
            className="tick"
            x={x(i)}
            y={HEIGHT - 7}
            textAnchor={labels.length === 1 ? "middle" : (["start", "middle", "end"] as const)[k]}
          >
            {points[i] && day(points[i].from)}
          </text>
        ))}
        <path className="band" d={bandPath(points, x, y)} />
        <path className="threshold" d={path((p) => p.threshold)} />
        <path className="expected" d={path((p) => p.expected)} />
        <path className="line" d={path((p) => p.value)} />
        {points.map((p, i) =>
          // A single window between gaps has no line: it is a dot.
          p.value !== null && points[i - 1]?.value == null && points[i + 1]?.value == null ? (
            <circle key={`lone ${p.from}`} className="lone" cx={x(i)} cy={y(p.value)} r="2.2" />
          ) : null,
        )}
        {points.map((p, i) =>
          p.alarm && p.value !== null ? (
            <circle key={p.from} className="alarm" cx={x(i)} cy={y(p.value)} r="3.5" />
          ) : null,
        )}
        {at !== undefined && (
          <line className="cursor" x1={x(at)} x2={x(at)} y1={TOP} y2={HEIGHT - BOTTOM} />
        )}
      </svg>
      <figcaption aria-live="polite">
        {shown === undefined ? legend(series, alarms) : told(shown)}
      </figcaption>
    </figure>
  );
}

function legend(series: Series, alarms: number): string {
  const parts = [`${count(series.points.length)} windows`];
  if (series.points.some((p) => p.threshold !== null)) parts.push("dashed: alarm threshold");
  if (series.points.some((p) => p.expected !== null)) parts.push("dotted: as promised or usual");
  if (series.points.some((p) => p.low !== null)) parts.push("band: 95 % interval");
  parts.push(alarms === 0 ? "no alarm" : `${alarms} out of bounds (dots)`);
  return parts.join(" · ");
}

function told(p: Series["points"][number]): string {
  const value =
    p.value === null
      ? "not enough rows to say"
      : `${short(p.value)}${p.low !== null && p.high !== null ? ` (${short(p.low)} – ${short(p.high)})` : ""}`;
  const threshold = p.threshold === null ? "" : `, threshold ${short(p.threshold)}`;
  const expected = p.expected === null ? "" : `, expected ${short(p.expected)}`;
  return `${moment(p.from)}: ${value}${threshold}${expected}, ${count(p.rows)} rows${p.alarm ? ", alarm" : ""}`;
}

function bandPath(
  points: Series["points"],
  x: (i: number) => number,
  y: (v: number) => number,
): string {
  const stretches: string[][][] = [];
  let open: string[][] | undefined;
  for (const [i, p] of points.entries()) {
    if (p.low === null || p.high === null) {
      open = undefined;
      continue;
    }
    if (!open) {
      open = [];
      stretches.push(open);
    }
    open.push([p.high, p.low].map((v) => `${x(i).toFixed(1)} ${y(v).toFixed(1)}`));
  }
  return stretches
    .map((s) => `M${[...s.map((e) => e[0]), ...s.map((e) => e[1]).reverse()].join("L")}Z`)
    .join("");
}

const short = (value: number): string =>
  Math.abs(value) >= 10_000
    ? value.toLocaleString("en", { notation: "compact", maximumSignificantDigits: 3 })
    : value.toLocaleString("en", { maximumSignificantDigits: 3 });
