import type { AbstainRule } from "../evaluation/abstention.ts";
import type { Digest } from "../lib/digest.ts";
import type { Json } from "../lib/json.ts";
import type { Signature } from "../onnx/signature.ts";

export type Alias = "champion" | "challenger";

/** Immutable. `id` = digest of (code, dataset version, features, trainer, params, environment, seed, parent, rule to abstain). */
export interface ModelVersion {
  readonly id: Digest;
  readonly model: string;
  /** 1, 2, 3 … within the model, for people. */
  readonly number: number;
  readonly onnx: Digest;
  readonly signature: Signature;
  readonly trainer: string;
  readonly params: Json;
  readonly seed: number;
  readonly dataset: Digest;
  /** Digest of the bundled project code (millwright.config.ts and what it imports). */
  readonly code: Digest;
  readonly environment: {
    readonly node: string;
    readonly millwright: string;
    readonly runtime: string;
  };
  readonly parent: Digest | undefined;
  /** Blobs: evaluation report, leaderboard, reference profile (per input column and of the predictions). */
  /** Number of free numbers: breaks ties in favour of the simpler model. */
  readonly complexity: number;
  readonly report: Digest;
  readonly leaderboard: Digest;
  readonly reference: Digest;
  /** When it says nothing rather than something uncertain; undefined: it always answers. */
  readonly abstain?: AbstainRule | undefined;
  /** Blob: rows of its training data (`explanation/keep-background.ts`), against which its answers are explained. */
  readonly background?: Digest | undefined;
  readonly runId: string;
  readonly createdAt: number;
}
