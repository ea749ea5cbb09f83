import type { Target } from "../lib/task.ts";
import type { Column } from "../table/table.ts";

/** What a split may look at. All of length `rows`. */
export interface SplitColumns {
  readonly rows: number;
  readonly seed: number;
  /** Seconds since 1970; NaN = not known. */
  readonly time?: Float64Array | undefined;
  /** Names the entity a row belongs to; a row without one is an entity of its own. */
  readonly key?: Column | undefined;
  /** Class numbers, or the number to predict. */
  readonly target?: Target | undefined;
}

const MOST_CLASSES = 100;

/** Rows by class; undefined when the target is a quantity (or absent). Rows without a target are a class. */
export function strata(target: Target | undefined): number[][] | undefined {
  if (!target) return undefined;
  const classes = new Map<number, number[]>();
  for (let i = 0; i < target.length; i++) {
    const y = target[i]!;
    const members = classes.get(y);
    if (members) members.push(i);
    else if (classes.size === MOST_CLASSES || !(Number.isInteger(y) || Number.isNaN(y)))
      return undefined;
    else classes.set(y, [i]);
  }
  return [...classes].sort(([a], [b]) => a - b).map(([, members]) => members);
}

export interface Entities {
  readonly count: number;
  /** Entity of each row, 0..count-1. */
  readonly of: Int32Array;
  readonly name: (entity: number) => string;
}

export function entities(key: Column, rows: number): Entities {
  const names: string[] = [];
  const index = new Map<number, number>();
  const of = new Int32Array(rows);
  for (let i = 0; i < rows; i++) {
    const raw = key.type === "string" ? key.codes[i]! : key.values[i]!;
    const missing = key.type === "string" ? raw < 0 : Number.isNaN(raw);
    let entity = missing ? undefined : index.get(raw);
    if (entity === undefined) {
      const name = missing
        ? `row ${i}`
        : key.type === "string"
          ? key.dictionary[raw]!
          : String(raw);
      entity = names.push(name) - 1;
      if (!missing) index.set(raw, entity);
    }
    of[i] = entity;
  }
  return { count: names.length, of, name: (entity) => names[entity]! };
}

/** Uniform in [0, 1) and the same for ever: FNV-1a over the UTF-16 units, finished as in MurmurHash3 (Appleby). */
export const unitHash = (text: string): number => unitOfHash(unitHashBegun(text));

/** For texts in pieces: `unitOfHash(hashed(unitHashBegun("a"), "b"))` is `unitHash("ab")`. */
export const unitHashBegun = (text: string): number => hashed(0x811c9dc5, text);
export function hashed(h: number, text: string): number {
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h;
}

export function unitOfHash(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 4294967296;
}
