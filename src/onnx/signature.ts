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
 *
 * Text is the one column that is not raw in the graph: ONNX Runtime's tokenisers need an OS locale or custom operators, so
 * `onnx/feeds.ts` turns text into vocabulary ids and counts, the same code for training, batch and online. Outputs:
 * `probability` float32 [N,K] (binary: K = 2, class order as `classes`) or `value` float32 [N,1]; see `outputName`.
 */
export interface Signature {
  readonly task: Task;
  readonly target: string;
  /** Class names in output order; binary: [negative, positive]. Empty for regression. */
  readonly classes: readonly string[];
  readonly columns: readonly SignatureColumn[];
}

export type SignatureColumn =
  | { readonly name: string; readonly role: "numeric" | "category" | "time" }
  | { readonly name: string; readonly role: "text"; readonly text: TextSpec };

/** How text becomes ids. `vocabulary[i]` has id i + 1; id 0 is padding. Tokens are made by `table/tokens.ts`. */
export interface TextSpec {
  readonly words: { readonly min: number; readonly max: number } | null;
  readonly characters: { readonly min: number; readonly max: number } | null;
  readonly vocabulary: readonly string[];
}

/** `value` or `probability`; with a `#` when a column is called so: names of one graph are all different. */
export function outputName({ task, columns }: Pick<Signature, "task" | "columns">): string {
  const name = task === "regression" ? "value" : "probability";
  return columns.some((column) => column.name === name) ? `${name}#` : name;
}
