import { invalidParameter } from "../mlflow/errors.ts";
import type { Clause, KeyRule, Operator, SearchKind } from "./kind.ts";
import { brief, piece, type Token, tokens } from "./lexer.ts";
import { resolveKey } from "./resolve-key.ts";

/** Longer filters are refused: lists of some thousand run ids fit. */
const MAX_LENGTH = 200_000;
const MAX_CLAUSES = 100;
/** Of one LIKE; matching costs at most this times the length of the value. */
const MAX_WILDCARDS = 16;
const MAX_REGEX = 1000;

/**
 * MLflow's filter grammar: clauses joined by AND, no OR, no parentheses but those of IN. A leading or trailing AND is
 * nothing. Throws INVALID_PARAMETER_VALUE with the piece at fault.
 *
 *     filter := clause (AND clause)*
 *     clause := key op value | key IS [NOT] NULL | key [NOT] IN ( text, … )
 *     key    := [entity .] name          name := word | `…` | "…"
 */
export function parseFilter(text: string | undefined, kind: SearchKind): readonly Clause[] {
  if (text === undefined) return [];
  if (text.length > MAX_LENGTH)
    throw invalidParameter(
      `The filter has ${text.length} characters; at most ${MAX_LENGTH} are read.`,
    );
  if (text.includes("\0"))
    throw invalidParameter("Invalid clause(s) in filter string: it contains a NUL character.");
  if (/^[^'"`]*;/.test(text))
    throw invalidParameter(
      `Search filter contained multiple expression ${piece(text, 0)}. Provide AND-ed expression list.`,
    );
  const reader = readerOf(text);
  const clauses: Clause[] = [];
  for (;;) {
    while (reader.word("AND"));
    if (reader.peek() === undefined) return clauses;
    if (clauses.length === MAX_CLAUSES)
      throw invalidParameter(`The filter has more than ${MAX_CLAUSES} clauses.`);
    clauses.push(clause(reader, kind));
    const next = reader.peek();
    if (next !== undefined && !isWord(next, "AND"))
      throw reader.invalid("Clauses are joined by AND, and by nothing else");
  }
}

interface Reader {
  peek(): Token | undefined;
  next(): Token | undefined;
  /** Takes the word if it comes next, in any case. */
  word(word: string): boolean;
  invalid(hint: string, token?: Token): Error;
}

function readerOf(text: string): Reader {
  const all = tokens(text);
  let at = 0;
  return {
    peek: () => all[at],
    next: () => all[at++],
    word(word) {
      const found = isWord(all[at], word);
      if (found) at++;
      return found;
    },
    invalid(hint, token = all[at]) {
      const where = token === undefined ? "its end" : `position ${token.at}`;
      const found = token === undefined ? "" : `: ${piece(text, token.at)}`;
      return invalidParameter(`Invalid clause(s) in filter string at ${where}${found}. ${hint}.`);
    },
  };
}

const isWord = (token: Token | undefined, word: string): boolean =>
  token?.type === "name" &&
  token.parts.length === 1 &&
  token.parts[0]!.quote === undefined &&
  token.text.toUpperCase() === word;

function clause(reader: Reader, kind: SearchKind): Clause {
  const left = reader.next()!;
  if (left.type !== "name")
    throw reader.invalid(
      `Invalid comparison clause. Expected 'Identifier' found '${brief(left.text)}'`,
      left,
    );
  const { entity, key, rule } = resolveKey(left.parts, kind);
  const shown = brief(left.text);
  const operator = operatorOf(reader, shown);
  if (!rule.operators.includes(operator)) throw badOperator(shown, operator, rule);
  if (operator === "IS NULL" || operator === "IS NOT NULL")
    return { entity, key, operator, value: undefined };
  const value =
    operator === "IN" || operator === "NOT IN"
      ? listOf(reader, shown)
      : scalarOf(reader, shown, entity, rule);
  if (operator === "LIKE" || operator === "ILIKE") checkPattern(shown, value as string);
  if (operator === "RLIKE" && (value as string).length > MAX_REGEX)
    throw invalidParameter(
      `The regular expression for ${shown} is longer than ${MAX_REGEX} characters.`,
    );
  return { entity, key, operator, value };
}

const SIGNS: ReadonlySet<string> = new Set(["=", "!=", ">", ">=", "<", "<="]);
const WORDS = ["LIKE", "ILIKE", "RLIKE", "IN"] as const;

function operatorOf(reader: Reader, key: string): Operator {
  const token = reader.peek();
  if (token?.type === "operator") {
    reader.next();
    if (SIGNS.has(token.text)) return token.text as Operator;
    throw invalidParameter(
      `Invalid comparator '${brief(token.text)}' after ${key}; comparisons are ${[...SIGNS].join(", ")}.`,
    );
  }
  for (const word of WORDS) if (reader.word(word)) return word;
  if (reader.word("NOT") && reader.word("IN")) return "NOT IN";
  if (reader.word("IS")) {
    const not = reader.word("NOT");
    if (reader.word("NULL")) return not ? "IS NOT NULL" : "IS NULL";
  }
  throw reader.invalid(`After ${key} comes a comparison`);
}

function badOperator(key: string, operator: Operator, rule: KeyRule): Error {
  const allowed = rule.operators.map((name) => `'${name}'`).join(", ");
  if (operator.startsWith("IS"))
    return invalidParameter(
      `IS NULL / IS NOT NULL is only supported for tags and params, not for ${key}; it takes ${allowed}.`,
    );
  return invalidParameter(`Invalid comparator '${operator}' for ${key}, not one of ${allowed}.`);
}

function scalarOf(reader: Reader, key: string, entity: string, rule: KeyRule): number | string {
  const token = reader.next();
  if (token === undefined) throw reader.invalid(`After the comparison of ${key} comes a value`);
  if (rule.value === "number") {
    if (token.type === "number") return token.value;
    throw invalidParameter(
      `Expected numeric value type for ${entity}: ${key}. Found ${brief(token.text)}; numbers are written without quotes.`,
    );
  }
  const text = textOf(token);
  if (text !== undefined) return text;
  if (token.type === "name")
    throw invalidParameter(
      `Parameter value is either not quoted or unidentified quote types used for string value ${brief(token.text)}. Use either single or double quotes.`,
    );
  throw invalidParameter(
    `Expected a quoted string value for ${entity} ${key} (e.g. 'my-value'). Got value ${brief(token.text)}`,
  );
}

const textOf = (token: Token): string | undefined => {
  if (token.type === "string") return token.value;
  if (token.type !== "name" || token.parts.length !== 1) return undefined;
  return token.parts[0]!.quote === '"' ? token.parts[0]!.text : undefined;
};

function listOf(reader: Reader, key: string): readonly string[] {
  const expected = `After ${key} IN comes a list of quoted texts in parentheses: ('a', 'b')`;
  const isMark = (mark: string): boolean => {
    const found = reader.peek()?.type === "mark" && reader.peek()!.text === mark;
    if (found) reader.next();
    return found;
  };
  if (!isMark("(")) throw reader.invalid(expected);
  const values: string[] = [];
  for (;;) {
    const token = reader.peek();
    const text = token && textOf(token);
    if (text === undefined)
      throw reader.invalid(
        `While parsing a list in the query, expected a non-empty list of string values. ${expected}`,
      );
    values.push(text);
    reader.next();
    const more = isMark(",");
    if (isMark(")")) return values;
    if (!more) throw reader.invalid(expected);
  }
}

function checkPattern(key: string, pattern: string): void {
  if ((pattern.match(/%+/g) ?? []).length > MAX_WILDCARDS)
    throw invalidParameter(
      `The pattern for ${key} has more than ${MAX_WILDCARDS} wildcards '%': simplify it.`,
    );
}
