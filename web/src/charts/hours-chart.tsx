import type { VolumeHour } from "@millwright/sdk/contract/predictions";
import { count, millis, moment, percent } from "../ui/format.ts";
import { scale, ticks } from "./scale.ts";
import { useReading } from "./use-reading.ts";
import { useWidth } from "./use-width.ts";
import { ValueGrid } from "./value-grid.tsx";

const HEIGHT = 200;
const LEFT = 52;
const RIGHT = 10;
const TOP = 14;
const BOTTOM = 26;
/** Narrower bars cannot be told apart. */
const LEAST_BAR = 3;
const HOUR = 3_600_000;

interface Bar extends Omit<VolumeHour, "hour"> {
  readonly from: number;
}

/** Predictions by hour of arrival (by day where hours would be too narrow), the part on which nothing was said on top. */
export function HoursChart({
  hours,
  from,
  to,
}: {
  hours: readonly VolumeHour[];
  from: number;
  to: number;
}) {
  const [frame, width] = useWidth();
  const inner = Math.max(1, width - LEFT - RIGHT);
  const step = (to - from) / HOUR > inner / LEAST_BAR ? 24 * HOUR : HOUR;
  const bars = barsOf(hours, from, to, step);
  const most = Math.max(1, ...bars.map((b) => b.rows));
  const y = scale([0, most], [HEIGHT - BOTTOM, TOP]);
  const slot = inner / bars.length;
  const unit = step === HOUR ? "hour" : "day";
  const total = bars.reduce((sum, b) => sum + b.rows, 0);
  const summary = `${count(total)} predictions by ${unit}. Arrow keys read single ${unit}s.`;
  const [at, handlers] = useReading(bars.length, (wanted) => Math.floor((wanted - LEFT) / slot));
  const shown = at === undefined ? undefined : bars[at];
  const labels = [
    { i: 0, anchor: "start", place: 0 },
    { i: Math.floor((bars.length - 1) / 2), anchor: "middle", place: 0.5 },
    { i: bars.length - 1, anchor: "end", place: 1 },
  ] as const;
  return (
    <figure className="chart" ref={frame}>
      <svg
        viewBox={`0 0 ${width} ${HEIGHT}`}
        height={HEIGHT}
        role="img"
        aria-label={summary}
        {...handlers}
      >
        <ValueGrid
          values={ticks([0, most], 4).filter(Number.isInteger)}
          y={y}
          across={[LEFT, width - RIGHT]}
          name={compact}
        />
        {bars.map((b, i) => {
          const x = LEFT + i * slot + slot * 0.1;
          const said = y(b.rows - b.abstained);
          return (
            <g key={b.from} className={i === at ? "bar on" : "bar"}>
              <rect x={x} width={slot * 0.8} y={said} height={HEIGHT - BOTTOM - said} />
              <rect
                className="silent"
                x={x}
                width={slot * 0.8}
                y={y(b.rows)}
                height={said - y(b.rows)}
              />
            </g>
          );
        })}
        {labels.map(({ i, anchor, place }) => (
          <text
            key={anchor}
            className="tick"
            x={LEFT + (i + place) * slot}
            y={HEIGHT - 7}
            textAnchor={anchor}
          >
            {bars[i] && moment(bars[i].from).slice(5, step === HOUR ? 16 : 10)}
          </text>
        ))}
      </svg>
      <figcaption aria-live="polite">
        {shown === undefined
          ? `Predictions per ${unit}, UTC${bars.some((b) => b.abstained > 0) ? " · the upper part: it said nothing" : ""}`
          : told(shown)}
      </figcaption>
    </figure>
  );
}

const compact = (rows: number): string => rows.toLocaleString("en", { notation: "compact" });

function told({ from, rows, abstained, latencyMs }: Bar): string {
  if (rows === 0) return `${moment(from)}: no predictions`;
  const silent = abstained === 0 ? "" : `, ${percent(abstained / rows)} said nothing`;
  return `${moment(from)}: ${count(rows)} predictions${silent}, ${millis(latencyMs)} on average`;
}

function barsOf(hours: readonly VolumeHour[], from: number, to: number, step: number): Bar[] {
  const first = Math.floor(from / step) * step;
  const bars = Array.from({ length: Math.max(1, Math.ceil((to - first) / step)) }, (_, i) => ({
    ...{ from: first + i * step, rows: 0, abstained: 0, latencyMs: 0 },
  }));
  for (const { hour, rows, abstained, latencyMs } of hours) {
    const bar = bars[Math.floor((hour - first) / step)];
    if (bar === undefined) continue;
    bar.latencyMs = (bar.latencyMs * bar.rows + latencyMs * rows) / Math.max(1, bar.rows + rows);
    bar.rows += rows;
    bar.abstained += abstained;
  }
  return bars;
}
