import type { Clause } from "./kind.ts";

/** Adds a value to the parameters of a statement; gives its place, `$3`. */
export type Bind = (value: unknown) => string;

/** `taken`: parameters the statement already has; they grow. */
export const binder =
  (taken: unknown[]): Bind =>
  (value) =>
    `$${taken.push(value)}`;

/**
 * A clause about a column, as SQL; IS [NOT] NULL asks for its value, not whether there is such a row. A comparison is null where
 * the column is, so false also for `!=`. Numbers are compared as IEEE has it: NaN is unequal to everything and in no range,
 * though PostgreSQL sorts it above all.
 *
 * @param type of the column: `double` is float8, `integer` bigint or integer.
 */
export function condition(
  column: string,
  { operator, value }: Clause,
  type: "text" | "double" | "integer",
  bind: Bind,
): string {
  switch (operator) {
    case "IN":
      return `${column} = any(${bind(value)}::text[])`;
    case "NOT IN":
      return `${column} <> all(${bind(value)}::text[])`;
    case "LIKE":
    case "ILIKE":
      // No escapes in the grammar; runs of % mean one, and cost more.
      return `${column} ${operator.toLowerCase()} ${bind((value as string).replace(/%+/g, "%"))}::text escape ''`;
    case "RLIKE":
      return `${column} ~ ${bind(value)}::text`;
    case "IS NULL":
      return `${column} is null`;
    case "IS NOT NULL":
      return `${column} is not null`;
  }
  const sign = operator === "!=" ? "<>" : operator;
  if (type === "text") return `${column} ${sign} ${bind(value)}::text`;
  const cast = type === "integer" && Number.isSafeInteger(value) ? "bigint" : "float8";
  const compared = `${column} ${sign} ${bind(value)}::${cast}`;
  return type === "double" && sign.startsWith(">")
    ? `(${compared} and ${column} < 'NaN'::float8)`
    : compared;
}
