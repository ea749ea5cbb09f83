import { type Fetched, widthOf } from "./encoded.ts";
import type { BagTerm, LinearTerms } from "./linear-terms.ts";

/**
 * What each column adds to a linear model's outputs for one row: columns x outputs. The Shapley value of a column against a
 * background (Lundberg & Lee 2017, corollary 1) is this less its mean over the background.
 *
 * @param owner of each term: the column of every encoded feature (dense), or of all of it (a bag: one number).
 */
export function columnSums(
  { terms, outputs }: LinearTerms,
  owner: readonly Int32Array[],
  columns: number,
  fetched: Fetched,
  row: number,
): Float64Array {
  const sums = new Float64Array(columns * outputs);
  terms.forEach((term, t) => {
    const of = owner[t]!;
    if (term.kind === "dense") {
      const tensor = fetched.get(term.tensor)!;
      const width = widthOf(tensor);
      for (let j = 0; j < width; j++) {
        if (of[j]! < 0) continue;
        const x = tensor.data[row * width + j]!;
        for (let k = 0; k < outputs; k++)
          sums[of[j]! * outputs + k]! += x * term.weights[j * outputs + k]!;
      }
    } else
      eachToken(term, fetched, row, (id, value) => {
        for (let k = 0; k < outputs; k++)
          sums[of[0]! * outputs + k]! += value * term.weights[id * outputs + k]!;
      });
  });
  return sums;
}

/** The ids (shifted into the table of weights) and values of one row of a bag; padding has the value 0. */
export function eachToken(
  term: BagTerm,
  fetched: Fetched,
  row: number,
  visit: (id: number, value: number) => void,
): void {
  const ids = fetched.get(term.ids)!;
  const values = fetched.get(term.values)!;
  const length = widthOf(ids);
  for (let p = row * length; p < (row + 1) * length; p++)
    if (values.data[p] !== 0) visit(ids.data[p]! + term.shift, values.data[p]!);
}
