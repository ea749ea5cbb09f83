/** A line across at each of the values, named at its left end. */
export const ValueGrid = ({
  values,
  y,
  across: [left, right],
  name,
}: {
  values: readonly number[];
  y: (value: number) => number;
  across: readonly [number, number];
  name: (value: number) => string;
}) =>
  values.map((value) => (
    <g key={value}>
      <line className="grid" x1={left} x2={right} y1={y(value)} y2={y(value)} />
      <text className="tick" x={left - 8} y={y(value) + 4} textAnchor="end">
        {name(value)}
      </text>
    </g>
  ));
