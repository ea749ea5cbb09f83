/** A number between `low` and `high`; `log`: ratios count, not differences. */
export interface NumberRange {
  readonly kind: "number" | "whole";
  readonly low: number;
  readonly high: number;
  readonly log?: boolean;
}

/** One of these, in no order. */
export interface Choices<V = unknown> {
  readonly kind: "choice";
  readonly values: readonly V[];
}

export type Dimension = NumberRange | Choices;

type DimensionOf<V> =
  NonNullable<V> extends number ? NumberRange | Choices<V> : Choices<NonNullable<V>>;

/** Which settings of a trainer a search may change, and within what; `fixed` holds for all of its proposals. */
export interface SearchSpace<P = unknown> {
  readonly dimensions: { readonly [K in keyof P]?: DimensionOf<P[K]> };
  readonly fixed?: Partial<P>;
}

/** A place in a space, by dimension: 0..1 for numbers, the index of a choice. */
export type Point = Readonly<Record<string, number>>;

export const dimensionsOf = (space: SearchSpace): readonly (readonly [string, Dimension])[] =>
  Object.entries(space.dimensions as Readonly<Record<string, Dimension>>);

const scale = ({ log }: NumberRange, value: number): number => (log ? Math.log(value) : value);

/** Whole numbers share the range evenly: each has a cell of its own around it. */
function ends(range: NumberRange): readonly [low: number, high: number] {
  const { kind, low, high } = range;
  const half = kind === "whole" ? 0.5 : 0;
  return [scale(range, low - half), scale(range, high + half)];
}

/** Where a value lies; what lies outside is moved to the border. undefined: it is none of the choices, or no number. */
export function placeOf(dimension: Dimension, value: unknown): number | undefined {
  if (dimension.kind === "choice") {
    const wanted = JSON.stringify(value);
    const at = dimension.values.findIndex((choice) => JSON.stringify(choice) === wanted);
    return at < 0 ? undefined : at;
  }
  if (typeof value !== "number") return undefined;
  const [from, to] = ends(dimension);
  const inside = Math.max(dimension.low, Math.min(dimension.high, value));
  return (scale(dimension, inside) - from) / (to - from);
}

export function valueAt(dimension: Dimension, place: number): unknown {
  if (dimension.kind === "choice") return dimension.values[place];
  const [from, to] = ends(dimension);
  const scaled = from + place * (to - from);
  const value = dimension.log ? Math.exp(scaled) : scaled;
  const exact = dimension.kind === "whole" ? Math.round(value) : Number(value.toPrecision(4));
  return Math.max(dimension.low, Math.min(dimension.high, exact));
}

/** The cell of a whole number, as places. */
export function cellAt(range: NumberRange, value: number): readonly [from: number, to: number] {
  const [from, to] = ends(range);
  const at = (x: number) => (scale(range, x) - from) / (to - from);
  return [at(value - 0.5), at(value + 0.5)];
}

/** Parameters that a trainer was given, as a place in its space; settings it leaves open or that are no choice are absent. */
export const pointOf = (space: SearchSpace, params: Readonly<Record<string, unknown>>): Point =>
  Object.fromEntries(
    dimensionsOf(space).flatMap(([name, dimension]) => {
      const place = placeOf(dimension, params[name]);
      return place === undefined ? [] : [[name, place]];
    }),
  );

export const paramsAt = (space: SearchSpace, point: Point): Record<string, unknown> => ({
  ...(space.fixed as Record<string, unknown> | undefined),
  ...Object.fromEntries(
    dimensionsOf(space).map(([name, dimension]) => [name, valueAt(dimension, point[name]!)]),
  ),
});
