import type { Json } from "../../lib/json.ts";
import { invalidParameter } from "../mlflow/errors.ts";
import { wireDouble } from "../mlflow/fields.ts";
import { readPageToken } from "../mlflow/page-token.ts";
import type { Bind } from "./condition.ts";

/** One expression to sort by. Missing values come last in both directions, NaN after all numbers. */
export interface SortColumn {
  readonly sql: string;
  /** float8, bigint or text; text is sorted by its bytes unless `collated`: by the database's order, where an index has that. */
  readonly type: "double" | "integer" | "text";
  readonly descending: boolean;
  readonly nullable?: boolean;
  readonly collated?: boolean;
  /** Of a double: NaN is not among the values. */
  readonly ordered?: boolean;
  /** The same for all rows, so that sorting need not know it. */
  readonly constant?: boolean;
}

/** What PostgreSQL calls them. */
export const SQL_TYPES = { double: "float8", integer: "bigint", text: "text" } as const;

/** Values of the last row of a page, in the order of the columns; null = missing. */
export type Position = readonly (number | string | null)[];

/** What PostgreSQL sorts by: descending, its NaN would come first. */
interface Key {
  readonly sql: string;
  readonly cast: string;
  readonly descending: boolean;
  readonly nullable: boolean;
  readonly value: number | string | null | undefined;
}

function keysOf(columns: readonly SortColumn[], position?: Position): Key[] {
  return columns.flatMap((column, i): Key[] => {
    if (column.constant) return [];
    const { sql, type, descending, nullable = false, collated = false, ordered = false } = column;
    const value = position?.[i];
    const key: Key = {
      sql: type === "text" && !collated ? `${sql} collate "C"` : sql,
      cast: SQL_TYPES[type],
      ...{ descending, nullable, value },
    };
    if (type !== "double" || !descending || ordered) return [key];
    const rank: Key = {
      sql: `(case when ${sql} = 'NaN'::float8 then 1 when ${sql} is null then 2 else 0 end)`,
      cast: "integer",
      ...{ descending: false, nullable: false },
      value: value === undefined ? undefined : value === null ? 2 : Number.isNaN(value) ? 1 : 0,
    };
    return [rank, key];
  });
}

/** What stands after `order by`. */
export const orderBy = (columns: readonly SortColumn[]): string =>
  keysOf(columns)
    .map(
      ({ sql, descending, nullable }) =>
        `${sql}${descending ? " desc" : ""}${nullable && descending ? " nulls last" : ""}`,
    )
    .join(", ");

/** The rows behind a position in that order, as a condition. The last column must be unique and never null. */
export function behind(columns: readonly SortColumn[], position: Position, bind: Bind): string {
  const keys = keysOf(columns, position);
  const last = keys.length - 1;
  const text = (i: number): string => {
    const { sql, cast, descending, nullable, value } = keys[i]!;
    if (value === null) return i === last ? "false" : `(${sql} is null and ${text(i + 1)})`;
    const given = `${bind(value)}::${cast}`;
    const further = `${sql} ${descending ? "<" : ">"} ${given}`;
    const after = nullable ? `(${further} or ${sql} is null)` : further;
    if (i === last) return after;
    const rest = `(${after} or (${sql} = ${given} and ${text(i + 1)}))`;
    // Said a second time without OR, so that an index can begin there.
    return nullable ? rest : `(${sql} ${descending ? "<=" : ">="} ${given} and ${rest})`;
  };
  return text(0);
}

/** For `pageToken`. */
export const positionJson = (position: Position): Json =>
  position.map((value) => (typeof value === "number" ? wireDouble(value) : value));

/**
 * The position that a token of `pageToken([arguments, position])` holds. Refused when it was made for other arguments (any text
 * that stands for them) or has another shape.
 */
export function readPosition(
  token: string,
  given: string,
  columns: readonly SortColumn[],
): Position {
  const read = readPageToken(token);
  if (!Array.isArray(read) || read.length !== 2 || !Array.isArray(read[1]))
    throw invalidParameter("Invalid page token, it was not made by this server.");
  const [made, values] = read as [Json, readonly Json[]];
  if (made !== given)
    throw invalidParameter(
      "Invalid page token: it was made for other arguments. Repeat the search with the arguments of its first page.",
    );
  if (values.length !== columns.length)
    throw invalidParameter("Invalid page token, it was not made by this server.");
  return values.map((value, i) => valueFrom(value, columns[i]!));
}

function valueFrom(value: Json, { type, nullable }: SortColumn): number | string | null {
  if (value === null && nullable) return null;
  if (type === "text" && typeof value === "string" && !value.includes("\0")) return value;
  if (type === "integer" && Number.isSafeInteger(value)) return value as number;
  if (type === "double") {
    if (typeof value === "number") return value;
    if (value === "NaN" || value === "Infinity" || value === "-Infinity") return Number(value);
  }
  throw invalidParameter("Invalid page token, it was not made by this server.");
}
