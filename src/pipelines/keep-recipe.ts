import { utf8ToBytes } from "@noble/hashes/utils.js";
import type { Schema } from "../datasets/schema.ts";
import type { GateChoice } from "../evaluation/verdict.ts";
import type { Digest } from "../lib/digest.ts";
import type { Candidate, TrainingSpec } from "../training/training-spec.ts";
import type { Platform } from "./platform.ts";

/** All that is needed to fit and judge a trained version once more. */
export interface Recipe {
  readonly spec: TrainingSpec;
  /** Parquet of the dataset version. */
  readonly data: Digest;
  /** Its columns; older recipes lack it, and need it not: only a program's model is fitted to it. */
  readonly schema?: Schema | undefined;
  readonly candidate: Candidate;
  readonly baselines: readonly Candidate[];
  readonly gates: readonly GateChoice[] | null;
}

/** Keeps a recipe as a blob: code and project may change, what was done does not. */
export async function keepRecipe(
  { blobs }: Pick<Platform, "blobs">,
  recipe: Recipe,
): Promise<Digest> {
  return blobs.put(utf8ToBytes(JSON.stringify(recipe)));
}
