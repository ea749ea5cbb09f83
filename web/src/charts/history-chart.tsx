import { count, figure } from "../ui/format.ts";
import { LineKey, STYLES } from "./line-key.tsx";
import { extent, linePath, scale, ticks } from "./scale.ts";
import { useReading } from "./use-reading.ts";
import { useWidth } from "./use-width.ts";
import { ValueGrid } from "./value-grid.tsx";

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
  const [at, handlers] = useReading(steps.length, (wanted) =>
    steps.reduce(
      (best, step, i) =>
        Math.abs(x(step) - wanted) < Math.abs(x(steps[best]!) - wanted) ? i : best,
      0,
    ),
  );
  const step = at === undefined ? undefined : steps[at];
  const summary = `${metric} over ${steps.length} steps, ${lines.length} ${lines.length === 1 ? "run" : "runs"}. Arrow keys read single steps.`;
  return (
    <figure className="chart history" ref={frame}>
      <svg
        viewBox={`0 0 ${width} ${HEIGHT}`}
        height={HEIGHT}
        role="img"
        aria-label={summary}
        {...handlers}
      >
        <text className="tick" x={0} y={12}>
          {metric}
        </text>
        <ValueGrid values={ticks(domain, 5)} y={y} across={[LEFT, width - RIGHT]} name={figure} />
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

/** Why a line is not there, or not whole. */
function trouble(points: HistoryLine["points"]): string {
  if (points.length === 0) return " (not logged)";
  const broken = points.find(({ value }) => !Number.isFinite(value));
  return broken === undefined ? "" : ` (first ${broken.value} at step ${count(broken.step)})`;
}

/** The value at a step, or the last one before it. */
function readAt(points: HistoryLine["points"], step: number): string {
  const found = points.findLast((point) => point.step <= step);
  return found === undefined ? "–" : figure(found.value);
}
