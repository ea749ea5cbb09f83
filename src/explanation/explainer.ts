import type { Signature } from "../onnx/signature.ts";
import type { Session } from "../runtime/runtime.ts";
import type { Table } from "../table/table.ts";
import type { Background } from "./explanation.ts";
import type { BagTerm } from "./linear-terms.ts";
import type { LinearBody, OtherBody, Plan, TreeBody } from "./plan.ts";
import type { WordFinder } from "./words.ts";

/** A model made ready to be explained: what its graph says, checked against what it answers. */
export interface Explainer {
  readonly signature: Signature;
  readonly link: Plan["link"];
  readonly tensors: TensorSource;
  /** What rows are compared with; at least one row. */
  readonly background: { readonly table: Table; readonly kind: "rows" | "missing" | "zeros" };
  readonly body: ReadyBody;
  /** By column of the signature: how to find the words that pushed. */
  readonly texts: ReadonlyMap<number, ReadyText>;
  /** About what it takes in memory. */
  readonly bytes: number;
}

export type ReadyBody = ReadyTrees | ReadyLinear | OtherBody;

/** `owner`: the column of the signature that each encoded feature comes from; negative: none. */
export interface ReadyTrees extends TreeBody {
  readonly owner: Int32Array;
  readonly against: Background;
  /** Adds each feature's Shapley value to `phi` (Tree SHAP of one kind or the other). */
  add(
    values: Float64Array,
    data: Float32Array | Float64Array,
    offset: number,
    phi: Float64Array,
  ): void;
  /** Leaf values and average for one class, kept. */
  of(mix: Float64Array): { readonly values: Float64Array; readonly base: number };
}

export interface ReadyLinear extends LinearBody {
  /** By term. */
  readonly owner: readonly Int32Array[];
  /** columns x outputs: the mean over the background of what each column adds. */
  readonly means: Float64Array;
}

export interface ReadyText {
  readonly term: BagTerm;
  readonly finder: WordFinder;
}

/** Where the tensors of a plan come from: a part of the model's graph, or its inputs themselves. */
export interface TensorSource {
  readonly names: readonly string[];
  /** Makes those that are not inputs. */
  readonly session: Session | undefined;
  readonly bytes: number;
}
