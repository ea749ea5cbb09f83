import { useState } from "react";
import { count, figure } from "../ui/format.ts";
import { LineKey, STYLES } from "./line-key.tsx";
import { extent, linePath, scale, ticks } from "./scale.ts";
import { useWidth } from "./use-width.ts";

export interface HistoryLine {
  readonly id: string;
  readonly name: string;
  readonly points: readonly { readonly step: number; readonly value: number }[];
}

const HEIGHT = 236;
const LEFT = 56;
const RIGHT = 12;
const TOP = 26;
const BOTTOM = 36;
/** A metric over its steps, one line a run. Arrow keys and pointer read the values of a step. NaN and infinity break a line. */
export function HistoryChart({ metric, lines }: { metric: string; lines: readonly HistoryLine[] }) {
  const [frame, width] = useWidth();
  const [at, setAt] = useState<number>();
  const steps = [...new Set(lines.flatMap(({ points }) => points.map(({ step }) => step)))].sort(
    (a, b) => a - b,
  );
  const across = extent(steps);
  const x = scale(across, [LEFT, width - RIGHT]);
  const domain = extent(
    lines.flatMap(({ points }) => points.map(({ value }) => value)),
    0.06,
  );
  const y = scale(domain, [HEIGHT - BOTTOM, TOP]);
  const nearest = (clientX: number, box: DOMRect): number => {
    const wanted = clientX - box.left;
    return steps.reduce(
      (best, step, i) =>
        Math.abs(x(step) - wanted) < Math.abs(x(steps[best]!) - wanted) ? i : best,
      0,
    );
  };
  const step = at === undefined ? undefined : steps[at];
  const summary = `${metric} over ${steps.length} steps, ${lines.length} ${lines.length === 1 ? "run" : "runs"}. Arrow keys read single steps.`;
  return (
    <figure className="chart history" ref={frame}>
      <svg
        viewBox={`0 0 ${width} ${HEIGHT}`}
        height={HEIGHT}
        role="img"
        aria-label={summary}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys read the steps one by one
        tabIndex={0}
        onPointerMove={(e) => setAt(nearest(e.clientX, e.currentTarget.getBoundingClientRect()))}
        onPointerLeave={() => setAt(undefined)}
        onBlur={() => setAt(undefined)}
        onKeyDown={(e) => {
          const last = steps.length - 1;
          const to = MOVES[e.key]?.(at ?? -1, last);
          if (to === undefined) return;
          e.preventDefault();
          setAt(Math.min(last, Math.max(0, to)));
        }}
      >
        <text className="tick" x={0} y={12}>
          {metric}
        </text>
        {ticks(domain, 5).map((tick) => (
          <g key={tick}>
            <line className="grid" x1={LEFT} x2={width - RIGHT} y1={y(tick)} y2={y(tick)} />
            <text className="tick" x={LEFT - 8} y={y(tick) + 4} textAnchor="end">
              {figure(tick)}
            </text>
          </g>
        ))}
        {ticks(across, 6)
          .filter(Number.isInteger)
          .map((tick) => (
            <text key={tick} className="tick" x={x(tick)} y={HEIGHT - 20} textAnchor="middle">
              {count(tick)}
            </text>
          ))}
        <text className="tick" x={(LEFT + width - RIGHT) / 2} y={HEIGHT - 4} textAnchor="middle">
          step
        </text>
        {lines.map(({ id, points }, i) => (
          <g key={id} className={`hue-${i % STYLES}`}>
            <path
              className="line"
              d={linePath(
                points.map(({ step, value }) => [
                  x(step),
                  Number.isFinite(value) ? y(value) : null,
                ]),
              )}
            />
            {points.length === 1 && Number.isFinite(points[0]!.value) && (
              <circle className="dot" cx={x(points[0]!.step)} cy={y(points[0]!.value)} r="3.5" />
            )}
          </g>
        ))}
        {step !== undefined && (
          <line className="cursor" x1={x(step)} x2={x(step)} y1={TOP} y2={HEIGHT - BOTTOM} />
        )}
      </svg>
      <figcaption aria-live="polite">
        {step !== undefined && <b>step {count(step)}</b>}
        {lines.map(({ id, name, points }, i) => (
          <span key={id} className={`key hue-${i % STYLES}`}>
            <LineKey />
            {name}
            {step !== undefined ? ` ${readAt(points, step)}` : trouble(points)}
          </span>
        ))}
      </figcaption>
    </figure>
  );
}

/** Where a key leads from place `i`. */
const MOVES: Readonly<Record<string, (i: number, last: number) => number>> = {
  ArrowRight: (i) => i + 1,
  ArrowLeft: (i) => i - 1,
  PageDown: (i, last) => i + Math.max(1, Math.round(last / 10)),
  PageUp: (i, last) => i - Math.max(1, Math.round(last / 10)),
  Home: () => 0,
  End: (_, last) => last,
};

/** Why a line is not there, or not whole. */
function trouble(points: HistoryLine["points"]): string {
  if (points.length === 0) return " (not logged)";
  const broken = points.find(({ value }) => !Number.isFinite(value));
  return broken === undefined ? "" : ` (${broken.value} from step ${count(broken.step)} on)`;
}

/** The value at a step, or the last one before it. */
function readAt(points: HistoryLine["points"], step: number): string {
  const found = points.findLast((point) => point.step <= step);
  return found === undefined
    ? "–"
    : Number.isFinite(found.value)
      ? figure(found.value)
      : String(found.value);
}
