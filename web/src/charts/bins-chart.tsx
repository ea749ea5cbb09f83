import { scale, ticks } from "./scale.ts";
import { useReading } from "./use-reading.ts";
import { useWidth } from "./use-width.ts";
import { ValueGrid } from "./value-grid.tsx";

export interface Bin {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

const HEIGHT = 190;
const LEFT = 44;
const RIGHT = 10;
const TOP = 12;
const BOTTOM = 26;

/** How often what was found. Arrow keys and pointer read single bars. */
export function BinsChart({
  bins,
  summary,
  legend,
  name,
  told,
}: {
  bins: readonly Bin[];
  summary: string;
  legend: string;
  /** Of a border between bars. */
  name: (border: number) => string;
  told: (bin: Bin) => string;
}) {
  const [frame, width] = useWidth();
  const most = Math.max(1, ...bins.map(({ count }) => count));
  const y = scale([0, most], [HEIGHT - BOTTOM, TOP]);
  const slot = Math.max(1, width - LEFT - RIGHT) / bins.length;
  const [at, handlers] = useReading(bins.length, (x) => Math.floor((x - LEFT) / slot));
  const every = Math.ceil(44 / slot);
  const shown = at === undefined ? undefined : bins[at];
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
          name={(n) => n.toLocaleString("en", { notation: "compact" })}
        />
        {bins.map(({ from, count }, i) => (
          <g key={from} className={i === at ? "bar on" : "bar"}>
            <rect
              x={LEFT + i * slot + 1}
              width={Math.max(1, slot - 2)}
              y={y(count)}
              height={HEIGHT - BOTTOM - y(count)}
            />
          </g>
        ))}
        {bins.map(({ from }, i) =>
          i % every === 0 ? (
            <text
              key={from}
              className="tick"
              x={LEFT + i * slot}
              y={HEIGHT - 7}
              textAnchor={i === 0 ? "start" : "middle"}
            >
              {name(from)}
            </text>
          ) : null,
        )}
      </svg>
      <figcaption aria-live="polite">{shown === undefined ? legend : told(shown)}</figcaption>
    </figure>
  );
}
