import { digestOfJson } from "../../lib/digest.ts";
import type { Json } from "../../lib/json.ts";
import { invalidParameter } from "../mlflow/errors.ts";
import { absent, integer } from "../mlflow/fields.ts";
import { pageToken } from "../mlflow/page-token.ts";
import { type Position, positionJson, readPosition, type SortColumn } from "./keyset.ts";

export interface Page<T> {
  readonly items: readonly T[];
  /** Of the last item, when more follow. */
  readonly next: Position | undefined;
}

/** The field `max_results`: a default, and a limit that is refused rather than cut down to. */
export const maxResults = (usual: number, most: number) =>
  absent(integer()).transform((given) => {
    const count = given ?? usual;
    if (count < 1)
      throw invalidParameter(
        `Invalid value ${count} for parameter 'max_results' supplied. It must be a positive integer.`,
      );
    if (count > most)
      throw invalidParameter(
        `Invalid value ${count} for parameter 'max_results' supplied. It must be at most ${most}.`,
      );
    return count;
  });

/** What a token says of the arguments it was made for. */
const signature = (given: Json): string => digestOfJson(given).slice(7, 23);

/** @param given arguments that must be the same for the next page. */
export const tokenAfter = (position: Position | undefined, given: Json): string | undefined =>
  position && pageToken([signature(given), positionJson(position)]);

/** The position of a token; none of an empty one. Throws INVALID_PARAMETER_VALUE for a token made for other arguments, or made up. */
export const positionOf = (
  token: string | undefined,
  given: Json,
  columns: readonly SortColumn[],
): Position | undefined => (token ? readPosition(token, signature(given), columns) : undefined);

/** Cuts off the row that was read to know whether more follow. */
export function pageOf<T>(
  rows: readonly T[],
  count: number,
  columns: readonly SortColumn[],
): Page<T> {
  if (rows.length <= count) return { items: rows, next: undefined };
  const items = rows.slice(0, count);
  return { items, next: positionAt(items.at(-1) as Readonly<Record<string, unknown>>, columns) };
}

/** `s0`, `s1`, … of a row. */
const positionAt = (
  row: Readonly<Record<string, unknown>>,
  columns: readonly SortColumn[],
): Position => columns.map((_, i) => row[`s${i}`] as number | string | null);

/** `a as s0, b as s1`: what `pageOf` reads. */
export const sortedBy = (columns: readonly SortColumn[]): string =>
  columns.map(({ sql }, i) => `${sql} as s${i}`).join(", ");
