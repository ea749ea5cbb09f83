import type { Graph } from "../../onnx/graph.ts";
import type { SignatureColumn } from "../../onnx/signature.ts";
import type { Table } from "../../table/table.ts";

/**
 * What trainers see instead of a table. `dense` is row-major rows x width, NaN = missing. A bag is a sparse block: row i holds
 * ids[offsets[i] .. offsets[i+1]) with `values`; ids are 0..size-1. A category is a bag with one id a row (value 1), a text a
 * bag with tf-idf values of L2 norm 1.
 */
export interface Design {
  readonly rows: number;
  readonly width: number;
  readonly dense: Float32Array;
  /** One readable name per dense column, e.g. `received_at:hour`, `country~target`. */
  readonly names: readonly string[];
  readonly bags: readonly Bag[];
}

export interface Bag {
  readonly name: string;
  readonly size: number;
  readonly offsets: Uint32Array;
  readonly ids: Uint32Array;
  readonly values: Float32Array;
}

/**
 * `tree`: numbers as they are (NaN kept), dates as parts, categories as target statistics and frequency, texts as the score of a
 * cross-fitted linear model plus length; no bags.
 * `smooth`: numbers imputed and standardised with missing indicators, dates as parts and cycles, categories and texts as bags.
 */
export type EncodingStyle = "tree" | "smooth";

/** A fitted feature pipeline. `encode` and the graph written by `emit` compute the same numbers (to float32). */
export interface Encoder {
  readonly style: EncodingStyle;
  /** The raw columns it reads, with vocabularies for texts: becomes the model's signature. */
  readonly columns: readonly SignatureColumn[];
  encode(table: Table): Design;
  /** Adds the graph inputs of `columns` and the encoding nodes. */
  emit(graph: Graph): EmittedDesign;
}

/** Where the encoded features are in the graph. `dense`: float32 [N,width]. Bags: int64 ids [N,L] (0..size-1) and float32 values [N,L]. */
export interface EmittedDesign {
  readonly dense: string;
  readonly width: number;
  readonly bags: readonly {
    readonly ids: string;
    readonly values: string;
    readonly size: number;
  }[];
}
