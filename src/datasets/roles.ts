import type { Column } from "../table/table.ts";
import type { Role } from "./schema.ts";

export interface RoleGuess {
  readonly role: Exclude<Role, "target" | "leak" | "ignore">;
  readonly reason: string;
}

/** Names that say "this number is a code": two or more of its values are not nearer to each other than any others. */
const CODE_NAME =
  /(^|[_\s-])(id|code|zip|zipcode|zip_code|postcode|postal|plz|type|class|category|kind|group|region|district|store|shop|sku|branch)$/i;
const ID_NAME = /(^|[_\s-])(id|uid|uuid|guid|key|no|nr|number|index|rowid)$|[a-z](Id|ID|Key|No)$/;
const FEW_ROWS = 20;

/**
 * What a column is for, from a sample of its values. Whole numbers stay numeric unless their name says that they are codes.
 * @param rowNumbers the sampled rows' numbers in the source, ascending.
 * @param rows rows of the source.
 */
export function guessRole(name: string, column: Column, rowNumbers: ArrayLike<number>): RoleGuess {
  return column.type === "string"
    ? guessText(column.codes, column.dictionary)
    : column.type === "time"
      ? guessTime(column.values)
      : guessNumber(name, column.values, rowNumbers);
}

function guessTime(values: Float64Array): RoleGuess {
  const filled = values.filter((v) => !Number.isNaN(v));
  if (filled.length === 0) return { role: "constant", reason: "no value in any row" };
  if (filled.every((v) => v === filled[0]) && filled.length === values.length)
    return { role: "constant", reason: "the same time in every row" };
  return {
    role: "time",
    reason: filled.every((v) => v % 86_400 === 0) ? "dates" : "dates with time of day",
  };
}

function guessNumber(name: string, values: Float64Array, rowNumbers: ArrayLike<number>): RoleGuess {
  const filled = values.filter((v) => !Number.isNaN(v));
  const distinct = new Set(filled).size;
  if (filled.length === 0) return { role: "constant", reason: "no value in any row" };
  if (distinct === 1 && filled.length === values.length)
    return { role: "constant", reason: `${filled[0]} in every row` };
  const whole = filled.every(Number.isInteger);
  const unique = distinct === filled.length && filled.length === values.length;
  if (whole && unique && filled.length >= FEW_ROWS) {
    const step = values[0]! - rowNumbers[0]!;
    if (values.every((v, i) => v - rowNumbers[i]! === step))
      return { role: "id", reason: "counts the rows" };
    if (ID_NAME.test(name))
      return { role: "id", reason: "another whole number in every row, and named as one" };
  }
  if (
    whole &&
    distinct > 2 &&
    distinct <= 1000 &&
    distinct < 0.2 * filled.length &&
    CODE_NAME.test(name)
  )
    return { role: "category", reason: `${distinct} whole numbers that its name calls codes` };
  return { role: "numeric", reason: whole ? `whole numbers, ${distinct} different` : "numbers" };
}

function guessText(codes: Int32Array, dictionary: readonly string[]): RoleGuess {
  const used = new Set<number>();
  let filled = 0;
  for (const code of codes) {
    if (code < 0) continue;
    filled++;
    used.add(code);
  }
  if (filled === 0) return { role: "constant", reason: "no value in any row" };
  const distinct = used.size;
  if (distinct === 1 && filled === codes.length)
    return {
      role: "constant",
      reason: `'${dictionary[[...used][0]!]!.slice(0, 40)}' in every row`,
    };
  let [words, length] = [0, 0];
  for (const code of used) {
    const text = dictionary[code]!.trim();
    words += text === "" ? 0 : text.split(/\s+/).length;
    length += text.length;
  }
  words /= distinct;
  length /= distinct;
  const share = distinct / filled;
  const shape = `${words.toFixed(words < 10 ? 1 : 0)} words on average`;
  if (distinct > 20 && share > 0.3 && (words >= 2.5 || length > 60))
    return { role: "text", reason: `${distinct} different texts, ${shape}` };
  if (share > 0.95 && filled >= FEW_ROWS && words < 1.5)
    return {
      role: "id",
      reason:
        share === 1
          ? "another value in every row"
          : `another value in ${(100 * share).toFixed(0)} % of rows`,
    };
  if (distinct > 1000 && words >= 2)
    return { role: "text", reason: `${distinct} different texts, ${shape}` };
  return { role: "category", reason: `${distinct} different values` };
}
