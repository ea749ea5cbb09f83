import type { Abort } from "../../lib/abort.ts";
import type { Target, Task } from "../../lib/task.ts";
import type { Graph } from "../../onnx/graph.ts";
import type { SignatureColumn } from "../../onnx/signature.ts";
import type { Table } from "../../table/table.ts";
import type { Bag, EmittedDesign } from "./encoding.ts";

/**
 * The encoding of all columns of one role; an encoder is a list of blocks. One block for many columns keeps the graph small:
 * what counts for one row is the number of nodes.
 */
export interface Block {
  /** The raw columns it reads. */
  readonly columns: readonly SignatureColumn[];
  /** The dense columns it writes. */
  readonly names: readonly string[];
  encode(table: Table): EncodedBlock;
  emit(graph: Graph): EmittedBlock;
}

export interface EncodedBlock {
  /** Row-major rows x names.length. */
  readonly dense: Float32Array;
  readonly bags: readonly Bag[];
}

export interface EmittedBlock {
  /** float32 [N, names.length]; absent when there are no names. */
  readonly dense?: string;
  readonly bags: EmittedDesign["bags"];
}

/** What a block learns from. */
export interface Training {
  readonly table: Table;
  readonly target: Target;
  readonly task: Task;
  /** Number of classes (2 for binary, 0 for regression). */
  readonly classes: number;
  readonly seed: number;
  /** The part of each row, 0..parts-1: statistics of the target for a row come from the other parts only. */
  readonly folds: Uint8Array;
  readonly parts: number;
  readonly signal: Abort | undefined;
}

/** A block, and its encoding of the rows it learnt from with no row's own target in its features. */
export interface FittedBlock {
  readonly block: Block;
  readonly encoded: EncodedBlock;
}

/** [N,1] inputs side by side as [N, n]. */
export const concat = (graph: Graph, names: readonly string[]): string =>
  names.length === 1 ? names[0]! : graph.node("Concat", names, { axis: 1 });
