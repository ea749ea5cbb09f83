import { MillwrightError } from "../errors.ts";

/**
 * JSON as Python writes it: the bare words NaN, Infinity and -Infinity are read, too (`json.dumps` and RapidJSON put them where a
 * float has no JSON form). NaN becomes null, a missing value. Throws `invalid_input` with the parser's words.
 */
export function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const plain = withoutWords(text);
    if (plain !== undefined)
      try {
        return JSON.parse(plain);
      } catch {
        // The first error names the place in what was sent.
      }
    throw new MillwrightError(
      "invalid_input",
      `The body is not JSON: ${cause instanceof Error ? cause.message.slice(0, 200) : ""}`,
      { cause },
    );
  }
}

const QUOTE = 34;
const BACKSLASH = 92;
const MINUS = 45;
const I = 73;
const N = 78;

/** The text with each such word outside of strings replaced; undefined when there is none. One pass. */
function withoutWords(text: string): string | undefined {
  const parts: string[] = [];
  let kept = 0;
  const replace = (at: number, length: number, by: string): number => {
    parts.push(text.slice(kept, at), by);
    kept = at + length;
    return kept;
  };
  for (let i = 0; i < text.length; ) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) i = afterString(text, i);
    else if (code === N && text.startsWith("NaN", i)) i = replace(i, 3, "null");
    else if (code === I && text.startsWith("Infinity", i)) i = replace(i, 8, "1e999");
    else if (code === MINUS && text.startsWith("NaN", i + 1)) i = replace(i, 4, "null");
    else i++;
  }
  return kept === 0 ? undefined : parts.join("") + text.slice(kept);
}

function afterString(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === BACKSLASH) i++;
    else if (code === QUOTE) return i + 1;
  }
  return text.length;
}
