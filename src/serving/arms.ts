import type { AnsweringVariant } from "./prediction.ts";
import type { RoutedVersion, ServedRoute, Split } from "./route.ts";

/** One of the versions between which a split divides the requests. */
export interface Arm {
  readonly version: RoutedVersion;
  readonly variant: AnsweringVariant;
  /** Of the requests, 0..1. */
  readonly share: number;
  /** Hash of model, split and version: what this arm has against every key. */
  readonly salt: number;
}

/** Rows of one request that one version answers. */
export interface Part {
  readonly arm: Arm;
  /** Places in the request, ascending. */
  readonly rows: readonly number[];
}

const known = new WeakMap<Split, readonly Arm[]>();

/** The arms of a split, the champion first; computed once per split. Shares sum to 1. */
export function armsOf(route: ServedRoute, split: Split): readonly Arm[] {
  const made = known.get(split);
  if (made !== undefined) return made;
  const { champion, model } = route;
  const weights = weightsOf(champion, split);
  const total = weights.reduce((sum, { weight }) => sum + weight, 0);
  const arms = weights.map(({ version, weight }): Arm => {
    const others = split.kind === "canary" ? "canary" : "arm";
    return {
      version,
      variant: version.id === champion.id ? "champion" : others,
      share: weight / total,
      salt: textHash(`${model}\n${split.id}\n${version.id}`),
    };
  });
  known.set(split, arms);
  return arms;
}

function weightsOf(
  champion: RoutedVersion,
  split: Split,
): { readonly version: RoutedVersion; readonly weight: number }[] {
  if (split.kind === "canary")
    return [
      { version: champion, weight: 100 - split.percent },
      { version: split.version, weight: split.percent },
    ];
  const arms =
    split.kind === "weights"
      ? split.arms
      : split.arms.map(({ version, share }) => ({ version, weight: share }));
  return [...arms].sort(
    (a, b) => Number(b.version.id === champion.id) - Number(a.version.id === champion.id),
  );
}

/**
 * Which arm a unit (a key, or a prediction's id) meets: weighted rendezvous hashing (Thaler & Ravishankar 1998; weights by
 * Schindelhauer & Schomaker 2005). Each arm draws an exponential waiting time with its share as rate, from the hash of arm and
 * unit; the shortest wins, which it does with exactly its share. When shares change, units move only from arms that
 * lost share to arms that won it: a canary that grows keeps whom it has.
 */
export function armFor(arms: readonly Arm[], unit: string): Arm {
  const hash = textHash(unit);
  let best = arms[0]!;
  let shortest = Number.POSITIVE_INFINITY;
  for (const arm of arms) {
    if (arm.share === 0) continue;
    const waiting = -Math.log(uniform(hash, arm.salt)) / arm.share;
    if (waiting < shortest) [best, shortest] = [arm, waiting];
  }
  return best;
}

/** The rows of a request by who answers them, in the order of the arms. */
export function partsOf(arms: readonly Arm[], units: readonly string[]): Part[] {
  const rows = new Map<Arm, number[]>(arms.map((arm) => [arm, []]));
  units.forEach((unit, i) => {
    rows.get(armFor(arms, unit))!.push(i);
  });
  return arms.flatMap((arm) => {
    const own = rows.get(arm)!;
    return own.length === 0 ? [] : [{ arm, rows: own }];
  });
}

/** What a row is divided by: its key where it has one, else the id its prediction will have. */
export function unitOf(row: unknown, keyField: string | undefined, id: string): string {
  if (keyField === undefined || typeof row !== "object" || row === null) return id;
  const key = (row as Readonly<Record<string, unknown>>)[keyField];
  return key === undefined || key === null ? id : String(key);
}

/** FNV-1a over UTF-16 units: the same on every machine, for ever. */
function textHash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return mixed(h);
}

/** In (0, 1), 32 bits of resolution. */
const uniform = (hash: number, salt: number): number =>
  ((mixed(hash + Math.imul(salt, 0x9e3779b1)) >>> 0) + 0.5) / 4_294_967_296;

/** MurmurHash3's finaliser (Appleby). */
function mixed(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
