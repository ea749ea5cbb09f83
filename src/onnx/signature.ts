import type { Task } from "../lib/task.ts";

/**
 * What a model takes and gives, in the user's words. Written into the ONNX file (`metadata_props["millwright.signature"]`),
 * so that the file alone is enough to serve it. Inputs are the raw named columns:
 *
 * | role     | ONNX input(s)                                             | missing |
 * |----------|-----------------------------------------------------------|---------|
 * | numeric  | `<name>` float32 [N,1]                                    | NaN     |
 * | category | `<name>` string [N,1]                                     | ""      |
 * | time     | `<name>` float64 [N,1], seconds since 1970 UTC            | NaN     |
 * | text     | `<name>#ids` int64 [N,L], `<name>#counts` float32 [N,L]   | count 0 |
 * | tensor   | only in imported models: see `graph`                      | none    |
 *
 * Text is the one column that is not raw in the graph: ONNX Runtime's tokenisers need an OS locale or custom operators, so
 * `onnx/feeds.ts` turns text into vocabulary ids and counts, the same code for training, batch and online. Outputs:
 * `probability` float32 [N,K] (binary: K = 2, class order as `classes`) or `value` float32 [N,1]; see `outputName`.
 * An imported model has inputs and outputs of its own: `graph` says how rows become the ones and scores come from the others.
 */
export interface Signature {
  /** `tensors`: an imported model that says neither classes nor one number; its outputs are given as they are. */
  readonly task: Task | "tensors";
  readonly target: string;
  /** Class names in output order; binary: [negative, positive]. Empty for regression and tensors. */
  readonly classes: readonly string[];
  readonly columns: readonly SignatureColumn[];
  /** Only of imported models. */
  readonly graph?: GraphBinding;
}

export type SignatureColumn =
  | { readonly name: string; readonly role: "numeric" | "category" | "time" }
  | { readonly name: string; readonly role: "text"; readonly text: TextSpec }
  /** A cell is a nested list of `shape` (of one row, without the batch axis); null = any length. */
  | { readonly name: string; readonly role: "tensor"; readonly shape: readonly (number | null)[] };

/** How text becomes ids. `vocabulary[i]` has id i + 1; id 0 is padding. Tokens are made by `table/tokens.ts`. */
export interface TextSpec {
  readonly words: { readonly min: number; readonly max: number } | null;
  readonly characters: { readonly min: number; readonly max: number } | null;
  readonly vocabulary: readonly string[];
}

/** How the rows of an imported model reach its graph, and which of its outputs hold the scores. */
export interface GraphBinding {
  /** Rows of one run: null = any number. A graph exported for exactly so many gets its last run filled up with copies. */
  readonly batch: number | null;
  /** The graph has no axis of rows: one row is one run, shapes are those of whole tensors, and a cell is a whole input. */
  readonly whole?: true;
  readonly inputs: readonly GraphInput[];
  /** As callers of the Open Inference Protocol see them, in the order of the file. */
  readonly outputs: readonly GraphOutput[];
  /** Output with the classes' probabilities (or the number, for regression). Absent for `tensors`. */
  readonly scores?: string;
}

export type GraphType =
  | "float32"
  | "float64"
  | "float16"
  | "int8"
  | "int16"
  | "int32"
  | "int64"
  | "uint8"
  | "uint16"
  | "uint32"
  | "uint64"
  | "bool"
  | "string";

export interface GraphInput {
  readonly name: string;
  readonly type: GraphType;
  /** With the batch axis first (unless `whole`); null = any. */
  readonly shape: readonly (number | null)[];
  /** Columns of the signature that lie side by side along axis 1; one: the column is the whole input. */
  readonly columns: readonly string[];
  /** The file took a map here: keys[k] is column k of the dense input that replaced it. */
  readonly keys?: readonly (string | number)[];
  /** Axis 1 may have any size from this one on. */
  readonly least?: number;
}

export interface GraphOutput {
  readonly name: string;
  readonly type: GraphType;
  readonly shape: readonly (number | null)[];
  /** The file gave a list of maps here (ZipMap, cut on import): column k of the tensor belongs to keys[k]. */
  readonly keys?: readonly (string | number)[];
}

/** `value` or `probability`; with a `#` when a column is called so: names of one graph are all different. */
export function outputName({ task, columns }: Pick<Signature, "task" | "columns">): string {
  const name = task === "regression" ? "value" : "probability";
  return columns.some((column) => column.name === name) ? `${name}#` : name;
}
