import type { ReportSummary } from "@millwright/sdk/contract/models";
import { count, percent } from "../ui/format.ts";
import { linePath, scale } from "./scale.ts";
import { useWidth } from "./use-width.ts";

const HEIGHT = 210;
const LEFT = 44;
const BOTTOM = 36;

/** Promised probability against what happened; on the diagonal the promise holds. The dot's area is its share of rows. */
export function CalibrationChart({ bins }: { bins: ReportSummary["calibration"] }) {
  const [frame, width] = useWidth();
  const x = scale([0, 1], [LEFT, width - 12]);
  const y = scale([0, 1], [HEIGHT - BOTTOM, 10]);
  const most = Math.max(1, ...bins.map((b) => b.rows));
  const told = bins
    .map((b) => `promised ${percent(b.predicted)}, happened ${percent(b.observed)}`)
    .join("; ");
  return (
    <figure className="chart" ref={frame}>
      <svg
        viewBox={`0 0 ${width} ${HEIGHT}`}
        height={HEIGHT}
        role="img"
        aria-label={`Calibration: ${told}`}
      >
        {[0, 0.5, 1].map((tick) => (
          <g key={tick}>
            <line className="grid" x1={LEFT} x2={width - 12} y1={y(tick)} y2={y(tick)} />
            <text className="tick" x={LEFT - 6} y={y(tick) + 4} textAnchor="end">
              {percent(tick)}
            </text>
            <text
              className="tick"
              x={x(tick)}
              y={HEIGHT - 20}
              textAnchor={tick === 0 ? "start" : tick === 1 ? "end" : "middle"}
            >
              {percent(tick)}
            </text>
          </g>
        ))}
        <text className="tick" x={(LEFT + width - 12) / 2} y={HEIGHT - 4} textAnchor="middle">
          promised
        </text>
        <line className="threshold" x1={x(0)} y1={y(0)} x2={x(1)} y2={y(1)} />
        <path
          className="line"
          d={linePath(bins.map((b) => [x(b.predicted), y(b.observed)] as const))}
        />
        {bins.map((b) => (
          <circle
            key={b.from}
            className="dot"
            cx={x(b.predicted)}
            cy={y(b.observed)}
            r={2.5 + 6 * Math.sqrt(b.rows / most)}
          >
            <title>
              promised {percent(b.predicted)}, happened {percent(b.observed)}, {count(b.rows)} rows
            </title>
          </circle>
        ))}
      </svg>
    </figure>
  );
}
