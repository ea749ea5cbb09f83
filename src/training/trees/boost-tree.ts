import { BLOCK_BYTES, CONTROL, MAXIMA_BYTES, NODE, OP, RESULT } from "./boost-layout.ts";
import type { BoostSession } from "./boost-session.ts";
import type { EnsembleBuilder } from "./ensemble.ts";

export interface TreeLimits {
  readonly maxDepth: number;
  readonly lambda: number;
  readonly minChildWeight: number;
  readonly minGain: number;
  readonly rate: number;
  /** Signs by dense column. */
  readonly monotone: ReadonlyMap<number, number>;
  /** Value of a leaf (before the rate) from the rows in it, where the Newton step is not what the loss wants. */
  readonly leafValue?: (rows: Int32Array) => number;
}

interface Node {
  readonly id: number;
  readonly s: number;
  readonly e: number;
  readonly us: number;
  readonly ue: number;
  /** Bounds of the leaf weight that monotone constraints leave. */
  readonly lower: number;
  readonly upper: number;
  histogram: number;
  cover: number;
}

/** A split whose gain is below this is noise (XGBoost's kRtEps). */
const EPSILON = 1e-6;

/**
 * Grows one tree, level by level, on the gradients in memory, adds it to `builder` and its leaf values to the margins. Of two
 * siblings only the smaller is summed up; the other is the parent's histogram minus it. The first `sampled` of idx are the
 * rows of the tree. Returns false when not even the root could be split (a tree of one leaf is added all the same).
 */
export function growTree(
  session: BoostSession,
  limits: TreeLimits,
  target: number,
  sampled: number,
  salt: number,
  histograms: number[],
  builder: EnsembleBuilder,
): boolean {
  const { layout, control, floats, run, bins, arena } = session;
  const { buffer } = layout.memory;
  const words = NODE.bytes / 4;
  const nodes = new Int32Array(buffer, layout.nodes, layout.slots * words);
  const nodeFloats = new Float64Array(buffer, layout.nodes, layout.slots * (words / 2));
  const histogramBytes = layout.blocks * BLOCK_BYTES;
  const takeHistogram = () => histograms.pop() ?? arena.alloc(histogramBytes);
  const putRows = (i: number, { s, e, us, ue }: Node) => {
    const at = i * words;
    nodes[at + NODE.s] = s;
    nodes[at + NODE.e] = e;
    nodes[at + NODE.us] = us;
    nodes[at + NODE.ue] = ue;
  };
  const putBounds = (i: number, field: number, { lower, upper }: Node, steps: number) => {
    nodeFloats[(i * words) / 2 + field] = lower * steps;
    nodeFloats[(i * words) / 2 + field + 1] = upper * steps;
  };
  const scale = quantise(session, sampled, salt, limits);
  builder.tree(target);
  const root: Node = {
    id: builder.node(0),
    s: 0,
    e: sampled,
    us: sampled,
    ue: layout.rows,
    lower: Number.NEGATIVE_INFINITY,
    upper: Number.POSITIVE_INFINITY,
    histogram: 0,
    cover: 0,
  };
  const internal: { node: Node; left: Node; right: Node }[] = [];
  const all: Node[] = [root];
  const leaves: Node[] = [];
  let level = [root];
  /** Pairs (summed, subtracted) whose splits to look for next. */
  let pairs: [Node, Node | undefined][] = [[root, undefined]];
  const depths = scale.gain > 0 && layout.features > 0 ? limits.maxDepth : 0;
  if (depths > 0) root.histogram = takeHistogram();
  for (let depth = 0; depth < depths; depth++) {
    pairs.forEach(([small, large], i) => {
      putRows(i, small);
      putBounds(i, NODE.lower, small, scale.weight);
      if (large) putBounds(i, NODE.largeLower, large, scale.weight);
      nodes[i * words + NODE.small] = small.histogram;
      nodes[i * words + NODE.large] = large?.histogram ?? 0;
    });
    control[CONTROL.count] = pairs.length;
    run(OP.hist);
    run(OP.scan);
    const splits: { node: Node; split: Split }[] = [];
    const found = new Map<Node, Split | undefined>();
    pairs.forEach(([small, large], i) => {
      found.set(small, bestSplit(session, i * 2));
      if (large) found.set(large, bestSplit(session, i * 2 + 1));
    });
    for (const node of level) {
      const split = found.get(node);
      if (split) splits.push({ node, split });
      else {
        leaves.push(node);
        histograms.push(node.histogram);
      }
    }
    level = [];
    pairs = [];
    if (splits.length === 0) break;
    splits.forEach(({ node, split }, i) => {
      putRows(i, node);
      nodes[i * words + NODE.feature] = split.feature;
      nodes[i * words + NODE.bin] = split.bin;
      nodes[i * words + NODE.side] = split.side;
    });
    control[CONTROL.count] = splits.length;
    run(OP.partition);
    splits.forEach(({ node, split }, i) => {
      const mid = nodes[i * words + NODE.mid]!;
      const umid = nodes[i * words + NODE.umid]!;
      const child = (
        s: number,
        e: number,
        us: number,
        ue: number,
        lower: number,
        upper: number,
      ): Node => ({ id: builder.node(0), s, e, us, ue, lower, upper, histogram: 0, cover: 0 });
      const { lower, upper } = node;
      const sign = limits.monotone.get(bins.used[split.feature]!) ?? 0;
      // Siblings on a constrained column keep to their side of the middle, and so do all below them.
      const middle = split.middle / scale.weight;
      const left = child(
        ...([node.s, mid, node.us, umid] as const),
        sign < 0 ? middle : lower,
        sign > 0 ? middle : upper,
      );
      const right = child(
        ...([mid, node.e, umid, node.ue] as const),
        sign > 0 ? middle : lower,
        sign < 0 ? middle : upper,
      );
      // Without missing rows in the node, they will follow the larger child.
      const missingLeft = split.missing ? split.side === 1 : mid - node.s >= node.e - mid;
      const threshold = bins.cuts[split.feature]![split.bin] ?? Number.POSITIVE_INFINITY;
      builder.split(
        node.id,
        bins.used[split.feature]!,
        threshold,
        missingLeft,
        split.gain / scale.gain,
        left.id,
        right.id,
      );
      internal.push({ node, left, right });
      level.push(left, right);
      all.push(left, right);
      if (depth + 1 < depths) {
        const [small, large] = mid - node.s <= node.e - mid ? [left, right] : [right, left];
        small.histogram = takeHistogram();
        large.histogram = node.histogram;
        pairs.push([small, large]);
      } else histograms.push(node.histogram);
    });
  }
  leaves.push(...level);
  finishLeaves();
  return internal.length > 0;

  function finishLeaves(): void {
    const newton = limits.leafValue === undefined;
    control[CONTROL.newton] = newton ? 1 : 0;
    control[CONTROL.target] = target;
    floats[CONTROL.lambda] = limits.lambda;
    floats[CONTROL.rate] = limits.rate;
    leaves.forEach((leaf, i) => {
      putRows(i, leaf);
      putBounds(i, NODE.lower, leaf, 1);
      if (limits.leafValue) {
        const rows = new Int32Array(buffer, layout.idx + leaf.s * 4, leaf.e - leaf.s);
        nodeFloats[(i * words) / 2 + NODE.value] = limits.leafValue(rows);
      }
    });
    control[CONTROL.count] = leaves.length;
    run(OP.leaves);
    leaves.forEach((leaf, i) => {
      builder.value(leaf.id, 0, nodeFloats[(i * words) / 2 + NODE.value]!);
      leaf.cover = nodeFloats[(i * words) / 2 + NODE.cover]!;
    });
    for (const { node, left, right } of internal.reverse()) node.cover = left.cover + right.cover;
    for (const { id, cover } of all) builder.cover(id, cover);
  }
}

interface Split {
  readonly gain: number;
  readonly feature: number;
  readonly bin: number;
  readonly side: number;
  readonly missing: boolean;
  /** Between the children's leaf weights, in steps; only under monotone constraints. */
  readonly middle: number;
}

/** The best of what the members found for record `i`; the lowest feature wins a tie, whoever found it. */
function bestSplit({ layout, members }: BoostSession, i: number): Split | undefined {
  const { buffer } = layout.memory;
  let best: Split | undefined;
  for (let k = 0; k < members; k++) {
    const at = layout.results + (k * layout.slots * 2 + i) * RESULT.bytes;
    const ints = new Int32Array(buffer, at, RESULT.bytes / 4);
    const floats = new Float64Array(buffer, at, RESULT.bytes / 8);
    const gain = floats[0]!;
    const feature = ints[RESULT.feature]!;
    if (feature < 0 || (best && gain <= best.gain)) continue;
    best = {
      gain,
      feature,
      bin: ints[RESULT.bin]!,
      side: ints[RESULT.side]!,
      missing: ints[RESULT.missing]! !== 0,
      middle: floats[RESULT.middle]!,
    };
  }
  return best;
}

/**
 * Turns gradients into integers so that no sum over the sampled rows can leave its half of a cell. Returns how many
 * steps a unit of gain and of leaf weight is: 0 when all gradients are 0.
 */
function quantise(
  { layout, control, floats, run, members }: BoostSession,
  sampled: number,
  salt: number,
  { lambda, minChildWeight, minGain }: TreeLimits,
): { readonly gain: number; readonly weight: number } {
  let [maxG, maxH] = [0, 0];
  for (let k = 0; k < members; k++) {
    const at = layout.maxima + k * MAXIMA_BYTES;
    const maxima = new Float64Array(layout.memory.buffer, at, 2);
    maxG = Math.max(maxG, maxima[0]!);
    maxH = Math.max(maxH, maxima[1]!);
  }
  if (!(maxG > 0 && maxH > 0)) return { gain: 0, weight: 1 };
  const stepsG = (Math.floor((2 ** 31 - 1) / sampled) - 1) / maxG;
  const stepsH = (Math.floor((2 ** 32 - 1) / sampled) - 1) / maxH;
  // gain = G^2 / (H + lambda): a gain in steps is larger by stepsG^2 / stepsH.
  const scale = (stepsG * stepsG) / stepsH;
  floats[CONTROL.stepsG] = stepsG;
  floats[CONTROL.stepsH] = stepsH;
  floats[CONTROL.lambdaSteps] = lambda * stepsH;
  floats[CONTROL.minGainSteps] = Math.max(minGain, EPSILON) * scale;
  // A step less than asked for: rounding must not refuse a leaf that has just enough.
  const minH = Math.floor(minChildWeight * stepsH * (1 - 1e-6)) - 1;
  control[CONTROL.minH] = Math.max(1, Math.min(2 ** 32 - 1, minH));
  control[CONTROL.salt] = salt;
  run(OP.quantise);
  return { gain: scale, weight: stepsG / stepsH };
}
