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
  /** What it was trained on, or, imported, judged on; undefined when it was imported and not judged. */
  readonly dataset?: Digest | undefined;
  /** Digest of the bundled project code (millwright.config.ts and what it imports); undefined when it was imported. */
  readonly code?: Digest | undefined;
  readonly environment: {
    readonly node: string;
    readonly millwright: string;
    readonly runtime: string;
  };
  readonly parent: Digest | undefined;
  /** Number of free numbers: breaks ties in favour of the simpler model. 0 when not known. */
  readonly complexity: number;
  /** Blobs: evaluation report, leaderboard, reference profile (per input column and of the predictions). Imported: no leaderboard, and the others only when it was judged. */
  readonly report?: Digest | undefined;
  readonly leaderboard?: Digest | undefined;
  readonly reference?: Digest | undefined;
  /** Where it came from, when it was not trained here. `trainer` then is "imported". */
  readonly origin?: Origin | undefined;
  /** When it says nothing rather than something uncertain; undefined: it always answers. */
  readonly abstain?: AbstainRule | undefined;
  /** Blob: rows of its training data (`explanation/keep-background.ts`), against which its answers are explained. */
  readonly background?: Digest | undefined;
  /** Blob: what it takes to fit it once more (`pipelines/keep-recipe.ts`); undefined when it was imported, or trained before they were kept. */
  readonly recipe?: Digest | undefined;
  /** The run that made it; undefined when none did. */
  readonly runId?: string | undefined;
  readonly createdAt: number;
}

/** As lists have it: without the columns, whose vocabularies may be megabytes. */
export interface ListedVersion extends Omit<ModelVersion, "signature"> {
  readonly signature: Omit<Signature, "columns" | "graph">;
}

/** Of an imported model. */
export interface Origin {
  /** Name of the file, without its folder. */
  readonly file: string;
  /** Of the file as it came, before it was rewritten. */
  readonly sha256: Digest;
  /** The program that exported it, as it says. */
  readonly producer: string;
  /** Operator sets: domain → version. */
  readonly opsets: Readonly<Record<string, number>>;
  /** What was changed or assumed on import, in words. */
  readonly notes: readonly string[];
  /** Of a version that a client registered: the URI it gave (`models:/m-…`, `runs:/…`), and the run it logged the model from. */
  readonly source?: string | undefined;
  readonly run?: string | undefined;
}
