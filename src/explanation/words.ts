import type { TextSpec } from "../onnx/signature.ts";
import { type TokenTable, tokenTable } from "../table/token-table.ts";
import { forEachToken, lineOf } from "../table/tokens.ts";

/** Most words named for one text. */
const MOST_WORDS = 5;

/** Finds the words behind the tokens of a text; made once per column, it holds the vocabulary's index. */
export interface WordFinder {
  /**
   * The words of `text` that push in the direction of `sign`, the strongest first. A token (a word, a pair, a piece of a word)
   * gives what it adds in equal parts to its occurrences, and each of them in equal parts to the words it covers.
   *
   * @param pushes what each known token of the text adds, by id (1 = the first of the vocabulary).
   */
  strongest(text: string, pushes: ReadonlyMap<number, number>, sign: number): string[];
}

export function wordFinder(spec: TextSpec): WordFinder {
  const table: TokenTable = tokenTable(spec.vocabulary);
  return {
    strongest(text, pushes, sign) {
      const line = lineOf(text);
      const found: { id: number; start: number; end: number }[] = [];
      const times = new Map<number, number>();
      forEachToken(line, spec, (start, end, kind, hash) => {
        const id = table.find(line.line, start, end, kind, hash);
        if (!pushes.has(id)) return;
        found.push({ id, start, end });
        times.set(id, (times.get(id) ?? 0) + 1);
      });
      const sums = new Map<string, number>();
      for (const { id, start, end } of found) {
        const covered = wordsBetween(line.starts, start, end);
        const part = pushes.get(id)! / times.get(id)! / covered.length;
        for (const w of covered) {
          if (w >= line.spoken) continue;
          const word = line.line.slice(line.starts[w]!, line.starts[w + 1]! - 1);
          sums.set(word, (sums.get(word) ?? 0) + part);
        }
      }
      return [...sums]
        .filter(([, push]) => push * sign > 0)
        .sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]))
        .slice(0, MOST_WORDS)
        .map(([word]) => word);
    },
  };
}

/** Words of which at least one character lies in [start, end); the spaces around a word belong to none. */
function wordsBetween(starts: readonly number[], start: number, end: number): number[] {
  let low = 0;
  let high = starts.length - 2;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle]! <= start) low = middle;
    else high = middle - 1;
  }
  const words: number[] = [];
  for (let w = low; w < starts.length - 1 && starts[w]! < end; w++)
    if (starts[w + 1]! - 1 > start) words.push(w);
  return words.length > 0 ? words : [low];
}
