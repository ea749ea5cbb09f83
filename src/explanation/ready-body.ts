import type { Signature } from "../onnx/signature.ts";
import { type Fetched, widthOf } from "./encoded.ts";
import type { Explainer, ReadyBody, ReadyText, ReadyTrees } from "./explainer.ts";
import { interventional } from "./interventional.ts";
import { columnSums } from "./linear-shap.ts";
import type { BagTerm } from "./linear-terms.ts";
import { SEVERAL, type Shapes } from "./origins.ts";
import { pathDependent } from "./path-dependent.ts";
import type { Plan, TreeBody } from "./plan.ts";
import { leafValues } from "./tree-model.ts";
import { wordFinder } from "./words.ts";

/** Rows a model without covers is compared with one by one: time grows with them. */
const MOST_INTERVENED = 100;
/** Classes whose leaf values are kept. */
const MOST_CLASSES = 16;

/** Columns of the signature behind what a plan reads: `features` tensor by tensor (trees: one, linear: by term). */
export interface Owners {
  readonly features: readonly Int32Array[];
  readonly texts: readonly BagTerm[];
}

/** undefined: a feature that is used is made of several columns, so that none can be given what it adds. */
export function ownersOf(
  { body, texts }: Plan,
  signature: Signature,
  origins: (tensor: string) => Int32Array,
  shapes: Shapes,
): Owners | undefined {
  const isText = ({ ids }: BagTerm) => {
    const [column = -1] = shapes.has(ids) ? origins(ids) : [];
    return signature.columns[column]?.role === "text";
  };
  const own = { texts: texts.filter(isText) };
  if (body.kind === "other") return { ...own, features: [] };
  if (body.kind === "tree") {
    const owner = origins(body.reads);
    const used = body.trees.feature.every((f) => f < 0 || (owner[f] ?? SEVERAL) !== SEVERAL);
    return used ? { ...own, features: [owner] } : undefined;
  }
  const features = body.terms.map((term) =>
    term.kind === "dense" ? origins(term.tensor) : origins(term.ids),
  );
  return features.some((owner) => owner.includes(SEVERAL)) ? undefined : { ...own, features };
}

export function readyBody(
  { body }: Plan,
  { features }: Owners,
  signature: Signature,
  background: Explainer["background"],
  encoded: Fetched,
): ReadyBody {
  if (body.kind === "other") return body;
  if (body.kind === "tree") return readyTrees(body, features[0]!, background, encoded);
  const columns = signature.columns.length;
  const means = new Float64Array(columns * body.outputs);
  const { rows } = background.table;
  for (let row = 0; row < rows; row++) {
    const sums = columnSums(body, features, columns, encoded, row);
    for (let c = 0; c < sums.length; c++) means[c]! += sums[c]! / rows;
  }
  return { ...body, owner: features, means };
}

function readyTrees(
  body: TreeBody,
  owner: Int32Array,
  background: Explainer["background"],
  encoded: Fetched,
): ReadyTrees {
  const { trees } = body;
  const tensor = encoded.get(body.reads)!;
  const rows = Math.min(background.table.rows, MOST_INTERVENED);
  const shap = trees.cover
    ? pathDependent(trees)
    : interventional(trees, { rows, width: widthOf(tensor), data: tensor.data });
  const kept = new Map<string, { values: Float64Array; base: number }>();
  return {
    ...{ ...body, owner, add: shap.add },
    against: trees.cover
      ? { kind: "training", rows: Math.round(trees.cover[trees.roots[0]!]!) }
      : { kind: background.kind, rows },
    of(mix) {
      const key = mix.join();
      const found = kept.get(key) ?? { values: leafValues(trees, mix), base: shap.base(mix) };
      kept.set(key, found);
      if (kept.size > MOST_CLASSES) kept.delete(kept.keys().next().value!);
      return found;
    },
  };
}

export function readyTexts(signature: Signature, { texts }: Owners): Map<number, ReadyText> {
  const found = new Map<number, ReadyText>();
  signature.columns.forEach((column, c) => {
    if (column.role !== "text") return;
    const term = texts.find(({ ids }) => ids === `${column.name}#ids`);
    if (term) found.set(c, { term, finder: wordFinder(column.text) });
  });
  return found;
}
