import type { Json } from "../lib/json.ts";
import type { Fetched } from "./encoded.ts";
import type { Parts } from "./exact-parts.ts";
import type { Explainer } from "./explainer.ts";
import type { Contribution, Explanation } from "./explanation.ts";
import { eachToken } from "./linear-shap.ts";

export interface Told {
  readonly parts: Parts;
  /** The output that is explained, and how it is mixed from all. */
  readonly of: number;
  readonly mix: Float64Array;
  readonly raw: Float64Array;
  readonly fetched: Fetched;
  readonly row: Readonly<Record<string, Json>>;
  /** Its place among the fetched rows. */
  readonly at: number;
}

/** The numbers of an explanation with names, values and words. */
export function explanationOf(explainer: Explainer, told: Told): Explanation {
  const { signature, link } = explainer;
  const { parts, of, row } = told;
  const { contributions: each, ...figures } = parts;
  const contributions = signature.columns
    .map(({ name }, c): Contribution => {
      const contribution = each[c]!;
      const words = wordsOf(explainer, told, c, contribution);
      return {
        ...{ column: name, value: brief(row[name] ?? null), contribution },
        ...(words === undefined || words.length === 0 ? {} : { words }),
      };
    })
    .sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution));
  const twoClasses = signature.task === "binary" && link !== "none";
  return {
    ...figures,
    contributions,
    unit: signature.task === "regression" ? "target" : link === "none" ? "probability" : "log-odds",
    of: signature.task === "regression" ? undefined : classOf(explainer, of),
    ...(twoClasses ? { baseProbability: 1 / (1 + Math.exp(-parts.base)) } : {}),
  };
}

/** A body with one number speaks of the second of two classes. */
const classOf = ({ signature }: Explainer, of: number): string | undefined =>
  signature.task === "binary" ? signature.classes[1] : signature.classes[of];

function wordsOf(
  { texts, signature }: Explainer,
  { fetched, mix, row, at }: Told,
  column: number,
  contribution: number,
): string[] | undefined {
  const text = texts.get(column);
  const value = row[signature.columns[column]!.name];
  if (text === undefined || typeof value !== "string" || contribution === 0) return undefined;
  const { term, finder } = text;
  const width = signature.task === "multiclass" ? signature.classes.length : 1;
  const pushes = new Map<number, number>();
  eachToken(term, fetched, at, (id, x) => {
    let push = 0;
    for (let k = 0; k < width; k++) push += mix[k]! * term.weights[id * width + k]!;
    pushes.set(id - term.shift, (pushes.get(id - term.shift) ?? 0) + push * x);
  });
  return finder.strongest(value, pushes, Math.sign(contribution));
}

const MOST_CHARACTERS = 200;

const brief = (value: Json): Json =>
  typeof value === "string" && value.length > MOST_CHARACTERS
    ? `${value.slice(0, MOST_CHARACTERS)}…`
    : value;
