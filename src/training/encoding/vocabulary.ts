import type { TextSpec } from "../../onnx/signature.ts";
import type { StringColumn } from "../../table/table.ts";
import { type TokenTable, tokenCounter, tokenTable } from "../../table/token-table.ts";
import { forEachToken, lineOf, type TokenKinds } from "../../table/tokens.ts";

/** Words and pairs, and pieces of 3 to 5 characters: pieces see through misspellings and endings. */
export const KINDS: TokenKinds = { words: { min: 1, max: 2 }, characters: { min: 3, max: 5 } };
/** Tokens in fewer texts are left out. */
const MIN_TEXTS = 2;
/** Most tokens of each kind; the ones in most texts stay. */
const MAX_TOKENS = 20_000;
const BUCKETS = 2 ** 22;
/** Columns with less text than this (UTF-16 units) are simply read: all their tokens fit in memory. */
const SMALL = 1_000_000;

export interface Vocabulary {
  readonly spec: TextSpec;
  /** By id: log((1 + texts) / (1 + texts with the token)) + 1, as scikit-learn's smooth idf; 0 for id 0. */
  readonly idf: Float32Array;
}

/** Rows of each dictionary entry. */
function uses({ codes, dictionary }: StringColumn): Uint32Array {
  const counts = new Uint32Array(dictionary.length);
  for (const code of codes) if (code >= 0) counts[code]! += 1;
  return counts;
}

/** The tokens worth keeping of the texts of a column. */
export function fitVocabulary(texts: StringColumn, kinds: TokenKinds = KINDS): Vocabulary {
  const rows = uses(texts);
  const table = candidates(texts, rows, kinds);
  const found = textsWith(table, texts, rows, kinds);
  const order = Array.from({ length: table.size }, (_, i) => i + 1)
    .filter((id) => found[id]! >= MIN_TEXTS)
    .sort((a, b) => found[b]! - found[a]! || (table.token(a) < table.token(b) ? -1 : 1));
  const kept: number[] = [];
  const room = { words: MAX_TOKENS, characters: MAX_TOKENS };
  for (const id of order) {
    const kind = table.token(id).startsWith("~") ? "characters" : "words";
    if (room[kind]-- > 0) kept.push(id);
  }
  const idf = new Float32Array(kept.length + 1);
  kept.forEach((id, i) => {
    idf[i + 1] = Math.log((1 + texts.codes.length) / (1 + found[id]!)) + 1;
  });
  return { spec: { ...kinds, vocabulary: kept.map((id) => table.token(id)) }, idf };
}

/**
 * Tokens that may be frequent enough. Most tokens of a large column occur once or twice: a first pass counts them by hash, so
 * that only the others are ever kept in memory.
 */
function candidates(texts: StringColumn, rows: Uint32Array, kinds: TokenKinds): TokenTable {
  const units = texts.dictionary.reduce((sum, text, d) => sum + (rows[d] ? text.length : 0), 0);
  const table = tokenTable();
  const wanted = units < SMALL ? () => true : frequentHashes(texts, rows, kinds);
  texts.dictionary.forEach((text, d) => {
    if (rows[d] === 0) return;
    const spoken = lineOf(text);
    forEachToken(spoken, kinds, (start, end, kind, hash) => {
      if (wanted(hash)) table.intern(spoken.line, start, end, kind, hash);
    });
  });
  return table;
}

function frequentHashes(
  texts: StringColumn,
  rows: Uint32Array,
  kinds: TokenKinds,
): (hash: number) => boolean {
  const bucketOf = (hash: number) => (hash ^ (hash >>> 15)) & (BUCKETS - 1);
  const counts = new Uint32Array(BUCKETS);
  const lastText = new Int32Array(BUCKETS).fill(-1);
  texts.dictionary.forEach((text, d) => {
    if (rows[d] === 0) return;
    forEachToken(lineOf(text), kinds, (_start, _end, _kind, hash) => {
      const bucket = bucketOf(hash);
      if (lastText[bucket] === d) return;
      lastText[bucket] = d;
      counts[bucket]! += rows[d]!;
    });
  });
  const least = threshold(counts);
  return (hash) => counts[bucketOf(hash)]! >= least;
}

/** The smallest count, MIN_TEXTS or more, that leaves room for several times as many tokens as can stay. */
function threshold(counts: Uint32Array): number {
  const most = 6 * MAX_TOKENS;
  const histogram = new Uint32Array(1024);
  for (const count of counts) if (count > 0) histogram[Math.min(count, 1023)]! += 1;
  let [least, buckets] = [1023, histogram[1023]!];
  while (least > MIN_TEXTS && buckets + histogram[least - 1]! <= most)
    buckets += histogram[--least]!;
  return least;
}

function textsWith(
  table: TokenTable,
  texts: StringColumn,
  rows: Uint32Array,
  kinds: TokenKinds,
): Uint32Array {
  const found = new Uint32Array(table.size + 1);
  const count = tokenCounter(table, kinds);
  texts.dictionary.forEach((text, d) => {
    if (rows[d] === 0) return;
    const { ids, length } = count(text);
    for (let p = 0; p < length; p++) found[ids[p]!]! += rows[d]!;
  });
  return found;
}
