export interface NgramRange {
  readonly min: number;
  readonly max: number;
}

/** Which tokens to make. */
export interface TokenKinds {
  /** Runs of words: 1 to 2 = words and pairs. */
  readonly words: NgramRange | null;
  /** Runs of characters within a word and the space on each side, as scikit-learn's `char_wb`. */
  readonly characters: NgramRange | null;
}

/** What a text is for its tokens: every token is a piece of `line`, so that it can be looked up without being cut out. */
export interface Line {
  /** The words with a single space before, between and after. */
  readonly line: string;
  /** Where each word starts; the last entry is where the next one would. */
  readonly starts: readonly number[];
  /** Words of the text itself; those after are remarks (`^caps`), which are counted as single words only. */
  readonly spoken: number;
}

/** `hash` is of the token's kind and characters. `end` is exclusive. */
export type TokenVisitor = (start: number, end: number, kind: TokenKind, hash: number) => void;
export type TokenKind = 0 | 1;
export const WORD: TokenKind = 0;
export const CHARACTERS: TokenKind = 1;

/** Character tokens are written with this before them, so that none equals a word. */
export const CHARACTER_MARK = "~";

/** Text after this many UTF-16 units is not read. */
const MAX_LENGTH = 10_000;
/** Digits of longer numbers become 0: a phone number is a shape, not a word. */
const SHORT_NUMBER = 2;
const MAX_RUN = 3;

const SEPARATOR = 0;
const LETTER = 1;
const DIGIT = 2;
const MARK = 3;
const APOSTROPHE = 4;
const IDEOGRAPH = 5;

/**
 * The words of a text, the same on every machine (no locale): Unicode NFKC, then lower case. A word is a run of letters and
 * digits, without apostrophes; each ideograph is a word; so is each run of `! ? $ £ € % # @ * +`, of which three characters
 * count. Digits of numbers longer than two become `0`. A word in capital letters adds the remark `^caps`.
 */
export function lineOf(text: string): Line {
  const cut = text.length > MAX_LENGTH ? text.slice(0, MAX_LENGTH) : text;
  const s = isAscii(cut) ? cut : cut.normalize("NFKC");
  const words: string[] = [];
  let capitals = 0;
  for (let i = 0; i < s.length; ) {
    const kind = kindAt(s, i);
    if (kind === SEPARATOR || kind === APOSTROPHE) {
      i++;
      continue;
    }
    let end = i + sizeAt(s, i);
    if (kind === IDEOGRAPH) words.push(s.slice(i, end));
    else if (kind === MARK) {
      while (end < s.length && s.charCodeAt(end) === s.charCodeAt(i)) end++;
      words.push(s.slice(i, Math.min(end, i + MAX_RUN)));
    } else {
      let [digits, apostrophes] = [kind === DIGIT ? 1 : 0, 0];
      for (; end < s.length; end += sizeAt(s, end)) {
        const next = kindAt(s, end);
        if (next === DIGIT) digits++;
        else if (next === APOSTROPHE) apostrophes++;
        else if (next !== LETTER) break;
      }
      let word = s.slice(i, end);
      if (apostrophes > 0) word = word.replace(/['’]/g, "");
      const lower = word.toLowerCase();
      if (digits === 0 && word.length > 1 && lower !== word && word === word.toUpperCase())
        capitals++;
      words.push(digits > SHORT_NUMBER ? lower.replace(/\p{Nd}/gu, "0") : lower);
    }
    i = end;
  }
  const spoken = words.length;
  for (let i = 0; i < capitals; i++) words.push("^caps");
  const starts = [1];
  for (const word of words) starts.push(starts.at(-1)! + word.length + 1);
  return { line: words.length === 0 ? " " : ` ${words.join(" ")} `, starts, spoken };
}

/** Every token of a line, repeats included. */
export function forEachToken(text: Line, kinds: TokenKinds, visit: TokenVisitor): void {
  const { line, starts, spoken } = text;
  const last = starts.length - 1;
  if (kinds.words !== null) {
    const { min, max } = kinds.words;
    for (let w = 0; w < last; w++) {
      let hash = seedOf(WORD);
      let at = starts[w]!;
      const most = w < spoken ? Math.min(max, spoken - w) : 1;
      for (let n = 1; n <= most; n++) {
        const end = starts[w + n]! - 1;
        for (; at < end; at++) hash = step(hash, line.charCodeAt(at));
        if (n >= min) visit(starts[w]!, end, WORD, hash);
      }
    }
  }
  if (kinds.characters !== null) {
    const { min, max } = kinds.characters;
    for (let w = 0; w < spoken; w++) {
      const [from, to] = [starts[w]! - 1, starts[w + 1]!];
      for (let start = from; start + min <= to; start++) {
        let hash = seedOf(CHARACTERS);
        const end = Math.min(start + max, to);
        for (let at = start; at < end; at++) {
          hash = step(hash, line.charCodeAt(at));
          if (at + 1 - start >= min) visit(start, at + 1, CHARACTERS, hash);
        }
      }
    }
  }
}

/** How a token is written in a vocabulary. */
export const tokenText = (line: string, start: number, end: number, kind: TokenKind): string =>
  kind === WORD ? line.slice(start, end) : CHARACTER_MARK + line.slice(start, end);

/** The hash `forEachToken` gives for a token, from how it is written. */
export function hashOf(token: string): number {
  const kind = token.startsWith(CHARACTER_MARK) ? CHARACTERS : WORD;
  let hash = seedOf(kind);
  for (let at: number = kind; at < token.length; at++) hash = step(hash, token.charCodeAt(at));
  return hash;
}

/** FNV-1a over UTF-16 units. */
const seedOf = (kind: TokenKind): number => (kind === WORD ? 0x811c9dc5 : 0x3c6ef372) | 0;
const step = (hash: number, unit: number): number => Math.imul(hash ^ unit, 0x01000193);

const ASCII = Uint8Array.from({ length: 128 }, (_, code) => classify(String.fromCharCode(code)));
const OTHER = new Map<number, number>();

function classify(character: string): number {
  if (/\p{Nd}/u.test(character)) return DIGIT;
  if (/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u.test(character)) return IDEOGRAPH;
  if (/[\p{L}\p{M}\p{N}]/u.test(character)) return LETTER;
  if (/['’]/.test(character)) return APOSTROPHE;
  return /[!?$£€%#@*+]/.test(character) ? MARK : SEPARATOR;
}

function kindAt(s: string, i: number): number {
  const unit = s.charCodeAt(i);
  if (unit < 128) return ASCII[unit]!;
  const code = s.codePointAt(i)!;
  let kind = OTHER.get(code);
  if (kind === undefined) {
    kind = classify(String.fromCodePoint(code));
    OTHER.set(code, kind);
  }
  return kind;
}

const sizeAt = (s: string, i: number): number =>
  s.charCodeAt(i) >= 0xd800 && s.codePointAt(i)! > 0xffff ? 2 : 1;

function isAscii(s: string): boolean {
  for (let i = 0; i < s.length; i++) if (s.charCodeAt(i) > 127) return false;
  return true;
}
