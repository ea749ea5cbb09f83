import { binder } from "./condition.ts";
import type { Position } from "./keyset.ts";
import { INDEXED, type RunSearch } from "./run-search.ts";
import { type Statement, TABLES } from "./run-statement.ts";

/**
 * Runs in order of a param or tag: where very many share a value, an index has them together, but not newest first, and all of them
 * would be read to sort them. So such a value becomes a statement of its own, which may walk the runs newest first instead. 15,000
 * runs with the first value, of 200,000: see `bench/tracking/LARGE.md`.
 */
export interface TieStart {
  /** undefined: there is none. */
  readonly first: string | null;
  /** The value of the one that lies so many places behind. */
  readonly later: string | null;
}

/** So many values in a row are taken for themselves; a page that needs more reads the rest as one. */
export const MOST_TIES = 4;
/** Times as many as the page has: fewer are sorted sooner than walked to. */
const MANY = 5;

/** Only where nothing else comes before the start. */
export const hasTies = ({ order: [first, ...others] }: RunSearch): boolean =>
  others.length === 0 && (first?.entity === "param" || first?.entity === "tag");

/** Asks for `TieStart`, from a position on or beyond a value. */
export function tieStatement(
  { order, keys, beyond }: RunSearch,
  position: Position | undefined,
  limit: number,
): Statement | undefined {
  const { entity, key, descending } = order[0]!;
  const number = keys.get(key);
  if (number === undefined) return undefined;
  const parameters: unknown[] = [];
  const bind = binder(parameters);
  const start = `left(value, ${INDEXED})`;
  const further = descending ? "<" : ">";
  const from =
    beyond !== undefined
      ? ` and ${start} ${further} ${bind(beyond)}::text`
      : position !== undefined
        ? ` and ${start} ${further}= ${bind(position[0])}::text`
        : "";
  const at = (offset: number) => `(select ${start} from ${TABLES[entity]}
  where key = ${bind(number)}::integer${from} order by ${start}${descending ? " desc" : ""} limit 1 offset ${offset})`;
  return { text: `select ${at(0)} as first, ${at(limit * MANY)} as later`, parameters };
}

/** The value that very many share; undefined: the next one is not such. */
export const tieIn = ({ first, later }: TieStart): string | undefined =>
  first !== null && first === later && Array.from(first).length < INDEXED ? first : undefined;
