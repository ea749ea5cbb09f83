import { MillwrightError } from "../errors.ts";
import type { GraphNodes } from "../onnx/nodes.ts";
import { outputName, type Signature } from "../onnx/signature.ts";
import { type BagTerm, type LinearTerms, linearTerms, textProducts } from "./linear-terms.ts";
import { isTreeNode, readTreeNode } from "./read-trees.ts";
import { readTail, type Tail } from "./tail.ts";
import type { TreeNode } from "./tree-node.ts";

/** How a model can be explained, as its graph says; nothing has been run yet. */
export interface Plan {
  readonly body: TreeBody | LinearBody | OtherBody;
  readonly link: Tail["link"];
  /** Outputs of the body before the link; undefined: known when it has run. */
  readonly outputs: number | undefined;
  /** Sums over the tokens of a text: which words pushed. */
  readonly texts: readonly BagTerm[];
}

export interface TreeBody extends TreeNode {
  readonly kind: "tree";
}

export interface LinearBody extends LinearTerms {
  readonly kind: "linear";
}

/** Only to be run. */
export interface OtherBody {
  readonly kind: "other";
  /** What is explained: the scores, or what they are made of by the link. */
  readonly tensor: string;
}

/** The output that holds the scores. Throws `unsupported` for a model of which we do not know what its outputs mean. */
export function scoresOutput(signature: Signature): string {
  const name = signature.graph ? signature.graph.scores : outputName(signature);
  if (signature.task !== "tensors" && name !== undefined) return name;
  throw new MillwrightError(
    "unsupported",
    "This model gives tensors, and it is not known which of them are the probabilities of classes or the predicted number: there is nothing to explain.",
  );
}

/** From the most exact way to the most general; the caller tries them in this order. */
export function plansFor(graph: GraphNodes, signature: Signature): Plan[] {
  const scores = scoresOutput(signature);
  const tail = readTail(graph, scores);
  const plans: Plan[] = [];
  const texts = textProducts(graph);
  if (tail.node && isTreeNode(tail.node)) {
    const read = readTreeNode(tail.node);
    const link = "why" in read ? undefined : joined(tail.link, read.link);
    if (!("why" in read) && link !== undefined)
      plans.push({ body: { kind: "tree", ...read }, link, outputs: read.trees.outputs, texts });
  }
  const linear = linearTerms(graph, tail.margin);
  const own = LINKS.get(tail.node?.attributes.get("post_transform")?.s || "NONE");
  const link = linear && own && joined(tail.link, own);
  if (linear && link) {
    const bags = linear.terms.filter((term) => term.kind === "bag");
    plans.push({ body: { kind: "linear", ...linear }, link, outputs: linear.outputs, texts: bags });
  }
  const other = (tensor: string, by: Plan["link"]): Plan => ({
    ...{ body: { kind: "other", tensor }, link: by, outputs: undefined, texts: [] },
  });
  if (tail.node === undefined && tail.link !== "none") plans.push(other(tail.margin, tail.link));
  plans.push(other(scores, "none"));
  // A number has no log-odds.
  return signature.task === "regression" ? plans.filter((plan) => plan.link === "none") : plans;
}

const LINKS = new Map<string, Tail["link"]>([
  ["NONE", "none"],
  ["LOGISTIC", "logistic"],
  ["SOFTMAX", "softmax"],
]);

const joined = (a: Tail["link"], b: Tail["link"]): Tail["link"] | undefined =>
  a === "none" ? b : b === "none" ? a : undefined;

/** The tensors a plan reads of a run. */
export function tensorsOf({ body, texts }: Plan): string[] {
  const bags = texts.flatMap(({ ids, values }) => [ids, values]);
  if (body.kind === "tree") return [body.reads, ...bags];
  if (body.kind === "other") return [body.tensor];
  return body.terms.flatMap((term) =>
    term.kind === "dense" ? [term.tensor] : [term.ids, term.values],
  );
}

/** What the scores are, from what the body says about a row. Classes as in PredictionRecord: binary is the second class alone. */
export function throughLink(plan: Pick<Plan, "link">, raw: Float64Array): Float64Array {
  if (plan.link === "none") return raw;
  if (plan.link === "logistic") return raw.map((m) => 1 / (1 + Math.exp(-m)));
  const top = raw.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const powers = raw.map((m) => Math.exp(m - top));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((p) => p / sum);
}

/**
 * The number that is explained for class `of`, as a mix of the body's outputs. Softmax: the output less the mean of all, which
 * does not change when the same is added to every output, as probabilities do not; of two classes: the difference, which is the
 * log-odds.
 */
export function mixOf(plan: Pick<Plan, "link">, outputs: number, of: number): Float64Array {
  const mix = new Float64Array(outputs);
  if (outputs === 1) mix[0] = 1;
  else if (plan.link === "softmax" && outputs === 2) mix.fill(-1)[of] = 1;
  else {
    if (plan.link === "softmax") mix.fill(-1 / outputs);
    mix[of]! += 1;
  }
  return mix;
}
