export type LifecycleStage = "active" | "deleted";

export interface Tag {
  readonly key: string;
  readonly value: string;
}

export interface Experiment {
  /** Decimal integer; "0" is Default. */
  readonly id: string;
  readonly name: string;
  /** URI below which its runs keep their artifacts. */
  readonly artifactLocation: string;
  readonly lifecycleStage: LifecycleStage;
  /** Milliseconds since 1970, as all times here. */
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly tags: readonly Tag[];
}

const LARGEST_ID = 2n ** 63n - 1n;

/**
 * The id as it is kept, of what a caller gave: "007" is 7. "none" when nothing could have it, since it is negative or beyond
 * 64 bits; undefined when it is no integer at all.
 */
export function experimentId(given: string): string | "none" | undefined {
  if (!/^\s*[+-]?\d+\s*$/.test(given) || given.length > 100) return undefined;
  const id = BigInt(given.trim().replace(/^\+/, ""));
  return id < 0n || id > LARGEST_ID ? "none" : String(id);
}
