import {
  CHARACTERS,
  forEachToken,
  hashOf,
  type Line,
  lineOf,
  type TokenKind,
  type TokenKinds,
  tokenText,
} from "./tokens.ts";

/** Tokens by number, 1 … size. Looks a token up where it stands in its line: no string is made. */
export interface TokenTable {
  readonly size: number;
  /** 0 = not there. */
  find(line: string, start: number, end: number, kind: TokenKind, hash: number): number;
  /** Adds the token where it is not there. */
  intern(line: string, start: number, end: number, kind: TokenKind, hash: number): number;
  token(id: number): string;
}

/** Open addressing with linear probing, at most half full. */
export function tokenTable(vocabulary: readonly string[] = []): TokenTable {
  const tokens: string[] = [""];
  let hashes = new Int32Array(1024);
  let capacity = 16;
  while (capacity < 2 * (vocabulary.length + 1)) capacity *= 2;
  let slots = new Int32Array(capacity);

  const place = (id: number) => {
    let slot = spread(hashes[id]!) & (capacity - 1);
    while (slots[slot] !== 0) slot = (slot + 1) & (capacity - 1);
    slots[slot] = id;
  };
  const add = (token: string, hash: number): number => {
    const id = tokens.push(token) - 1;
    if (id >= hashes.length) {
      const larger = new Int32Array(2 * hashes.length);
      larger.set(hashes);
      hashes = larger;
    }
    hashes[id] = hash;
    if (2 * id > capacity) {
      capacity *= 2;
      slots = new Int32Array(capacity);
      for (let known = 1; known <= id; known++) place(known);
    } else place(id);
    return id;
  };
  for (const token of vocabulary) add(token, hashOf(token));

  const find: TokenTable["find"] = (line, start, end, kind, hash) => {
    let slot = spread(hash) & (capacity - 1);
    for (;;) {
      const id = slots[slot]!;
      if (id === 0) return 0;
      if (hashes[id] === hash && equals(tokens[id]!, line, start, end, kind)) return id;
      slot = (slot + 1) & (capacity - 1);
    }
  };
  return {
    get size() {
      return tokens.length - 1;
    },
    find,
    intern: (line, start, end, kind, hash) =>
      find(line, start, end, kind, hash) || add(tokenText(line, start, end, kind), hash),
    token: (id) => tokens[id]!,
  };
}

const spread = (hash: number): number => hash ^ (hash >>> 15);

function equals(token: string, line: string, start: number, end: number, kind: TokenKind): boolean {
  if (token.length !== end - start + kind) return false;
  // A word is never written with the mark of character tokens, so the kinds differ in their first character.
  if ((token.charCodeAt(0) === 0x7e) !== (kind === CHARACTERS)) return false;
  for (let i = start, at: number = kind; i < end; i++, at++)
    if (token.charCodeAt(at) !== line.charCodeAt(i)) return false;
  return true;
}

/** Distinct tokens of one text, in order of first occurrence, and how often each occurs. The arrays are reused by the next call. */
export interface TokenCounts {
  length: number;
  ids: Int32Array;
  counts: Int32Array;
}

/** Counts the tokens of a text that are in `table`. */
export function tokenCounter(
  table: TokenTable,
  kinds: TokenKinds,
): (text: string | Line) => TokenCounts {
  const position = new Int32Array(table.size + 1);
  const result: TokenCounts = { length: 0, ids: new Int32Array(256), counts: new Int32Array(256) };
  return (text) => {
    for (let p = 0; p < result.length; p++) position[result.ids[p]!] = 0;
    result.length = 0;
    const spoken = typeof text === "string" ? lineOf(text) : text;
    const { line } = spoken;
    forEachToken(spoken, kinds, (start, end, kind, hash) => {
      const id = table.find(line, start, end, kind, hash);
      if (id === 0) return;
      const at = position[id]! - 1;
      if (at >= 0) {
        result.counts[at]! += 1;
        return;
      }
      if (result.length === result.ids.length) grow(result);
      result.ids[result.length] = id;
      result.counts[result.length] = 1;
      position[id] = ++result.length;
    });
    return result;
  };
}

function grow(counts: TokenCounts): void {
  for (const key of ["ids", "counts"] as const) {
    const larger = new Int32Array(2 * counts[key].length);
    larger.set(counts[key]);
    counts[key] = larger;
  }
}
