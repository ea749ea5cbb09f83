import { type Fetched, widthOf } from "./encoded.ts";
import type { Explainer } from "./explainer.ts";
import type { Explanation } from "./explanation.ts";
import { columnSums } from "./linear-shap.ts";

/** An explanation in numbers: `contributions` by column of the signature. */
export interface Parts
  extends Pick<Explanation, "base" | "said" | "method" | "error" | "runs" | "background"> {
  readonly contributions: Float64Array;
}

/** Of trees and linear models: what their features add, summed by the column they come from. */
export function exactParts(
  { body, signature, background }: Explainer,
  fetched: Fetched,
  row: number,
  mix: Float64Array,
): Parts {
  const columns = signature.columns.length;
  const contributions = new Float64Array(columns);
  const exact = { contributions, error: 0, runs: 0 };
  if (body.kind === "tree") {
    const encoded = fetched.get(body.reads)!;
    const { values, base } = body.of(mix);
    const phi = new Float64Array(body.trees.features);
    body.add(values, encoded.data, row * widthOf(encoded), phi);
    let said = base;
    phi.forEach((v, f) => {
      if (v === 0) return;
      said += v;
      if (body.owner[f]! >= 0) contributions[body.owner[f]!]! += v;
    });
    return { ...exact, base, said, method: "tree", background: body.against };
  }
  if (body.kind === "other") throw new TypeError("this model is explained by running it");
  const sums = columnSums(body, body.owner, columns, fetched, row);
  const { outputs, bias, means } = body;
  let base = 0;
  for (let k = 0; k < outputs; k++) {
    base += mix[k]! * bias[k]!;
    for (let c = 0; c < columns; c++) {
      base += mix[k]! * means[c * outputs + k]!;
      contributions[c]! += mix[k]! * (sums[c * outputs + k]! - means[c * outputs + k]!);
    }
  }
  const said = contributions.reduce((a, b) => a + b, base);
  const against = { kind: background.kind, rows: background.table.rows };
  return { ...exact, base, said, method: "linear", background: against };
}
