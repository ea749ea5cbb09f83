import { invalidParameter } from "../mlflow/errors.ts";

export interface Part {
  readonly text: string;
  readonly quote: '"' | "`" | undefined;
}

/** `at`: offset in the text. A name is one part or more, joined by dots; one part in double quotes may also be meant as text. */
export type Token =
  | { readonly type: "name"; readonly text: string; readonly at: number; readonly parts: Part[] }
  | { readonly type: "string"; readonly text: string; readonly at: number; readonly value: string }
  | { readonly type: "number"; readonly text: string; readonly at: number; readonly value: number }
  | { readonly type: "operator" | "mark"; readonly text: string; readonly at: number };

const SPACE = /\s+/y;
const WORD = /[\p{L}\p{N}\p{M}_]+/uy;
const NUMBER = /-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y;
const OPERATOR = /[=<>!~]+/y;
const MARK = /[(),]/y;

/**
 * Cuts a filter into tokens; throws INVALID_PARAMETER_VALUE at the first piece that is none. Text ends at the first quote of its
 * kind: there are no escapes. Time is linear in the length.
 */
export function tokens(text: string): Token[] {
  const found: Token[] = [];
  let at = 0;
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0];
  };
  for (;;) {
    at += match(SPACE)?.length ?? 0;
    if (at >= text.length) return found;
    const token = nameAt(text, at) ?? simple(text, at, match);
    if (token === undefined) throw notUnderstood(text, at);
    at += token.text.length;
    found.push(token);
  }
}

function simple(
  text: string,
  at: number,
  match: (pattern: RegExp) => string | undefined,
): Token | undefined {
  if (text[at] === "'") {
    const value = quoted(text, at);
    return { type: "string", text: `'${value}'`, at, value };
  }
  const number = match(NUMBER);
  if (number !== undefined) return { type: "number", text: number, at, value: Number(number) };
  const operator = match(OPERATOR);
  if (operator !== undefined) return { type: "operator", text: operator, at };
  const mark = match(MARK);
  return mark === undefined ? undefined : { type: "mark", text: mark, at };
}

/** A word that begins with a digit is a number, if anything; after a dot it is a part like any other. */
function nameAt(text: string, start: number): Token | undefined {
  if (/\d/.test(text[start]!)) return undefined;
  const parts: Part[] = [];
  let at = start;
  for (;;) {
    const quote = text[at];
    if (quote === '"' || quote === "`") {
      const inner = quoted(text, at);
      parts.push({ text: inner, quote });
      at += inner.length + 2;
    } else {
      WORD.lastIndex = at;
      const word = WORD.exec(text)?.[0];
      if (word === undefined) {
        if (parts.length === 0) return undefined;
        throw notUnderstood(text, at - 1);
      }
      parts.push({ text: word, quote: undefined });
      at += word.length;
    }
    if (text[at] !== ".") return { type: "name", text: text.slice(start, at), at: start, parts };
    at++;
  }
}

function quoted(text: string, at: number): string {
  const end = text.indexOf(text[at]!, at + 1);
  if (end < 0)
    throw invalidParameter(
      `Invalid clause(s) in filter string: the quote ${text[at]} at position ${at} is never closed: ${piece(text, at)}`,
    );
  return text.slice(at + 1, end);
}

const notUnderstood = (text: string, at: number) =>
  invalidParameter(
    `Invalid clause(s) in filter string: '${text[at]}' is not understood at position ${at}: ${piece(text, at)}. ` +
      "Names with other characters than letters, digits, '_' and '.' must be in backticks or double quotes, values that are text in quotes.",
  );

/** What stands at and after a position, short. */
export const piece = (text: string, at: number): string =>
  `'${brief(text.slice(at, at + 62), 60)}'`;

/** For messages: not longer than this, whatever a caller sent. */
export const brief = (text: string, length = 120): string =>
  text.length > length ? `${text.slice(0, length)}…` : text;
