import { CONTROL, NODE, OP } from "./boost-layout.ts";
import type { BoostSession } from "./boost-session.ts";
import { bestSplit, quantise, type Split } from "./boost-split.ts";
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

export interface TreeGrower {
  /**
   * Grows one tree, level by level, on the gradients in memory, adds it to the builder and its leaf values to the margins of
   * class `target`. The first `sampled` of idx are the rows of the tree. Returns its number of leaves.
   */
  grow(target: number, sampled: number, salt: number): number;
}

interface Node {
  readonly id: number;
  readonly s: number;
  readonly e: number;
  readonly us: number;
  readonly ue: number;
  /** Bounds of the leaf weight that monotone constraints leave. */
  lower: number;
  upper: number;
  histogram: number;
  cover: number;
}

/** Unbounded; one shape of object, made without copying: thousands of small fits make millions of them. */
const nodeOf = (id: number, s: number, e: number, us: number, ue: number): Node => ({
  id,
  s,
  e,
  us,
  ue,
  lower: Number.NEGATIVE_INFINITY,
  upper: Number.POSITIVE_INFINITY,
  histogram: 0,
  cover: 0,
});

interface Chosen {
  readonly node: Node;
  readonly split: Split;
}

const INTS = NODE.bytes / 4;
const FLOATS = NODE.bytes / 8;

export function treeGrower(
  session: BoostSession,
  limits: TreeLimits,
  builder: EnsembleBuilder,
): TreeGrower {
  const { layout, control, floats, run, bins, arena } = session;
  const { buffer } = layout.memory;
  const ints = new Int32Array(buffer, layout.nodes, layout.slots * INTS);
  const doubles = new Float64Array(buffer, layout.nodes, layout.slots * FLOATS);
  const free: number[] = [];
  const takeHistogram = () => free.pop() ?? arena.alloc(layout.histogramBytes);

  const writeRows = (i: number, { s, e, us, ue }: Node) => {
    ints[i * INTS + NODE.s] = s;
    ints[i * INTS + NODE.e] = e;
    ints[i * INTS + NODE.us] = us;
    ints[i * INTS + NODE.ue] = ue;
  };
  const writeBounds = (i: number, word: number, { lower, upper }: Node, steps: number) => {
    doubles[i * FLOATS + word] = lower * steps;
    doubles[i * FLOATS + word + 1] = upper * steps;
  };

  /** Of two siblings only the smaller is summed up; the larger becomes the parent's histogram minus it. */
  const findSplits = (
    pairs: readonly (readonly [small: Node, large?: Node])[],
    weightSteps: number,
  ): Map<Node, Split | undefined> => {
    pairs.forEach(([small, large], i) => {
      writeRows(i, small);
      writeBounds(i, NODE.lower, small, weightSteps);
      if (large) writeBounds(i, NODE.largeLower, large, weightSteps);
      ints[i * INTS + NODE.small] = small.histogram;
      ints[i * INTS + NODE.large] = large?.histogram ?? 0;
    });
    control[CONTROL.count] = pairs.length;
    run(OP.hist);
    run(OP.scan);
    const found = new Map<Node, Split | undefined>();
    pairs.forEach(([small, large], i) => {
      found.set(small, bestSplit(session, 2 * i));
      if (large) found.set(large, bestSplit(session, 2 * i + 1));
    });
    return found;
  };

  const partition = (chosen: readonly Chosen[]) => {
    chosen.forEach(({ node, split }, i) => {
      writeRows(i, node);
      ints[i * INTS + NODE.feature] = split.feature;
      ints[i * INTS + NODE.bin] = split.bin;
      ints[i * INTS + NODE.side] = split.side;
    });
    control[CONTROL.count] = chosen.length;
    run(OP.partition);
  };

  /** The children of record `i`, as partition left them. */
  const divide = ({ node, split }: Chosen, i: number, weightSteps: number): [Node, Node] => {
    const mid = ints[i * INTS + NODE.mid]!;
    const umid = ints[i * INTS + NODE.umid]!;
    const sign = limits.monotone.get(bins.used[split.feature]!) ?? 0;
    // Siblings on a constrained column keep to their side of the middle, and so do all below them.
    const middle = split.middle / weightSteps;
    const { s, e, us, ue, lower, upper } = node;
    const left = nodeOf(builder.node(0), s, mid, us, umid);
    left.lower = sign < 0 ? middle : lower;
    left.upper = sign > 0 ? middle : upper;
    const right = nodeOf(builder.node(0), mid, e, umid, ue);
    right.lower = sign > 0 ? middle : lower;
    right.upper = sign < 0 ? middle : upper;
    return [left, right];
  };

  const finishLeaves = (leaves: readonly Node[], target: number) => {
    control[CONTROL.newton] = limits.leafValue ? 0 : 1;
    control[CONTROL.target] = target;
    control[CONTROL.count] = leaves.length;
    floats[CONTROL.lambda] = limits.lambda;
    floats[CONTROL.rate] = limits.rate;
    leaves.forEach((leaf, i) => {
      writeRows(i, leaf);
      writeBounds(i, NODE.lower, leaf, 1);
      if (!limits.leafValue) return;
      const rows = new Int32Array(buffer, layout.idx + leaf.s * 4, leaf.e - leaf.s);
      doubles[i * FLOATS + NODE.value] = limits.leafValue(rows);
    });
    run(OP.leaves);
    leaves.forEach((leaf, i) => {
      builder.value(leaf.id, 0, doubles[i * FLOATS + NODE.value]!);
      leaf.cover = doubles[i * FLOATS + NODE.cover]!;
    });
  };

  return {
    grow(target, sampled, salt) {
      const steps = quantise(session, sampled, salt, limits);
      builder.tree(target);
      const root = nodeOf(builder.node(0), 0, sampled, sampled, layout.rows);
      const families: [parent: Node, left: Node, right: Node][] = [];
      const leaves: Node[] = [];
      let level = [root];
      let pairs: [Node, Node?][] = [[root]];
      const depths = steps && layout.features > 0 ? limits.maxDepth : 0;
      if (depths > 0) root.histogram = takeHistogram();
      for (let depth = 1; steps && depth <= depths && level.length > 0; depth++) {
        const found = findSplits(pairs, steps.weight);
        const chosen: Chosen[] = [];
        for (const node of level) {
          const split = found.get(node);
          if (split) chosen.push({ node, split });
          else {
            leaves.push(node);
            free.push(node.histogram);
          }
        }
        partition(chosen);
        level = [];
        pairs = [];
        for (const [i, choice] of chosen.entries()) {
          const { node, split } = choice;
          const [left, right] = divide(choice, i, steps.weight);
          builder.split(node.id, left.id, right.id, {
            feature: bins.used[split.feature]!,
            threshold: bins.cuts[split.feature]![split.bin] ?? Number.POSITIVE_INFINITY,
            missingLeft: ints[i * INTS + NODE.side] === 1,
            gain: split.gain / steps.gain,
          });
          families.push([node, left, right]);
          level.push(left, right);
          if (depth === depths) free.push(node.histogram);
          else {
            const [small, large] =
              left.e - left.s <= right.e - right.s ? [left, right] : [right, left];
            small.histogram = takeHistogram();
            large.histogram = node.histogram;
            pairs.push([small, large]);
          }
        }
      }
      leaves.push(...level);
      finishLeaves(leaves, target);
      for (const [parent, left, right] of families.reverse())
        parent.cover = left.cover + right.cover;
      for (const [parent] of families) builder.cover(parent.id, parent.cover);
      for (const leaf of leaves) builder.cover(leaf.id, leaf.cover);
      return leaves.length;
    },
  };
}
