import { type Random, random } from "../../lib/random.ts";
import { instantiate } from "../kernels/instantiate.ts";
import { wasm } from "../kernels/trees.gen.ts";
import { FOREST_CONTROL, FOREST_OP, type ForestLayout, GROWN } from "./forest-layout.ts";
import type { TreeKernels } from "./kernels.ts";

/** Gains below this share of the node's weight are rounding. */
const EPSILON = 1e-10;

/** Member `index` of a forest team: bins its share of rows, then grows whole trees, each from a seed of its own. */
export function forestMember(
  layout: ForestLayout,
  index: number,
  size: number,
): (op: number) => void {
  const L = layout;
  const K = instantiate<TreeKernels>(wasm, L.memory);
  const { buffer } = L.memory;
  const base = L.areas + index * L.areaBytes;
  const at = {
    idx: base + L.area.idx,
    scratch: base + L.area.scratch,
    pairs: base + L.area.pairs,
    taken: base + L.area.taken,
    histogram: base + L.area.histogram,
    totals: base + L.area.totals,
    left: base + L.area.left,
    best: base + L.area.best,
  };
  const control = new Int32Array(buffer, L.control, FOREST_CONTROL.bytes / 4);
  const idx = new Int32Array(buffer, at.idx, L.rows);
  const pairs = new Float64Array(buffer, at.pairs, L.rows * 2);
  const y = new Float64Array(buffer, L.y, L.rows);
  const w = new Float64Array(buffer, L.w, L.rows);
  const totals = new Float64Array(buffer, at.totals, Math.max(2, L.values));
  const bestScore = new Float64Array(buffer, at.best, 1);
  const best = new Int32Array(buffer, at.best + 8, 4);
  const nodeInts = new Int32Array(buffer, base + L.area.nodes, L.maxNodes * GROWN.words);
  const nodeFloats = new Float32Array(buffer, base + L.area.nodes, L.maxNodes * GROWN.words);
  const values = new Float32Array(buffer, base + L.area.results, L.maxNodes * L.values);
  const count = new Int32Array(buffer, base + L.area.count, 1);
  const cutCounts = new Int32Array(buffer, L.cutCounts, L.features);
  const columns = Int32Array.from({ length: L.features }, (_, j) => j);
  const multiclass = L.values > 1;
  new Uint8Array(buffer, at.histogram, 256 * 8 * Math.max(2, L.values)).fill(0);
  K.useBitmap(base + L.area.bitmap);

  /** Draws the tree's rows into idx (ascending, each once) and their weights into pairs; returns how many. */
  const draw = (rng: Random): number => {
    const times = new Float64Array(L.rows);
    if (L.bootstrap) for (let i = 0; i < L.drawn; i++) times[rng.int(L.rows)]! += 1;
    else
      for (let i = 0, k = 0; i < L.rows; i++)
        if (rng.next() * (L.rows - i) < L.drawn - k) {
          times[i] = 1;
          k++;
        }
    let m = 0;
    for (let i = 0; i < L.rows; i++) {
      const weight = times[i]! * w[i]!;
      if (weight === 0) continue;
      idx[m++] = i;
      pairs[2 * i] = multiclass ? y[i]! : weight * y[i]!;
      pairs[2 * i + 1] = weight;
    }
    return m;
  };

  /** Weight and score of idx[s, e) as one leaf, into `totals` and `values`; returns whether a split can gain anything. */
  let weight = 0;
  let score = 0;
  const sumUp = (node: number, s: number, e: number): boolean => {
    if (multiclass) {
      K.classSums(at.pairs, at.idx, s, e, at.totals, L.values);
      let [squares, largest] = [0, 0];
      weight = 0;
      for (let k = 0; k < L.values; k++) {
        const t = totals[k]!;
        weight += t;
        squares += t * t;
        largest = Math.max(largest, t);
      }
      for (let k = 0; k < L.values; k++) values[node * L.values + k] = totals[k]! / weight;
      score = squares / weight;
      return largest < weight;
    }
    K.pairSums(at.pairs, at.idx, s, e, at.totals, at.taken);
    weight = totals[1]!;
    values[node] = totals[0]! / weight;
    score = (totals[0]! * totals[0]!) / weight;
    return true;
  };

  /** Tries columns in random order: `tries` of them, and more only while none can split the node. */
  const findSplit = (rng: Random, s: number, e: number): boolean => {
    bestScore[0] = score + EPSILON * weight;
    best[0] = -1;
    for (let q = 0; q < L.features && (q < L.tries || best[0]! < 0); q++) {
      const z = q + rng.int(L.features - q);
      const j = columns[z]!;
      columns[z] = columns[q]!;
      columns[q] = j;
      const bins = L.columnBins + j * L.rows;
      const cuts = cutCounts[j]!;
      const [h, min] = [at.histogram, L.minLeaf];
      if (multiclass) {
        const { pairs: p, totals: t, left } = at;
        K.classSplit(bins, j, cuts, at.idx, s, e, p, h, L.values, t, left, weight, min, at.best);
      } else {
        const sum = totals[0]!;
        K.pairSplit(bins, j, cuts, at.idx, s, e, at.taken, h, sum, weight, min, at.best);
      }
    }
    return best[0]! >= 0;
  };

  const grow = (tree: number) => {
    const rng = random(L.seed).split("forest").split(tree);
    // Column order is state: a tree must not depend on the trees its thread grew before.
    for (let j = 0; j < L.features; j++) columns[j] = j;
    let nodes = 0;
    const newNode = () => {
      nodeInts[nodes * GROWN.words + GROWN.feature] = -1;
      return nodes++;
    };
    const open: [node: number, s: number, e: number, depth: number][] = [
      [newNode(), 0, draw(rng), 0],
    ];
    for (let item = open.pop(); item; item = open.pop()) {
      const [node, s, e, depth] = item;
      const word = node * GROWN.words;
      const impure = sumUp(node, s, e);
      nodeFloats[word + GROWN.cover] = weight;
      nodeFloats[word + GROWN.gain] = 0;
      const splittable = impure && e - s > 1 && depth < L.maxDepth && weight >= 2 * L.minLeaf;
      if (!splittable || !findSplit(rng, s, e)) continue;
      const [feature, bin, side, missing] = best as unknown as [number, number, number, number];
      const column = L.columnBins + feature * L.rows;
      const mid = K.part(column, bin, side, at.idx, s, e, at.scratch);
      nodeFloats[word + GROWN.gain] = bestScore[0]! - score;
      nodeInts[word + GROWN.feature] = feature;
      nodeInts[word + GROWN.bin] = bin;
      // Without missing rows in the node, they will follow the larger child.
      nodeInts[word + GROWN.side] = missing ? side : mid - s >= e - mid ? 1 : 0;
      const left = newNode();
      const right = newNode();
      nodeInts[word + GROWN.left] = left;
      nodeInts[word + GROWN.right] = right;
      open.push([right, mid, e, depth + 1], [left, s, mid, depth + 1]);
    }
    count[0] = nodes;
  };

  return (op) => {
    if (op === FOREST_OP.bin) {
      const rows = control[FOREST_CONTROL.rows]!;
      const from = Math.floor((rows * index) / size);
      const to = Math.floor((rows * (index + 1)) / size);
      const row0 = control[FOREST_CONTROL.row0]!;
      const { chunk, width, used, features, cuts, columnBins } = L;
      K.bin(chunk, width, used, features, cuts, from, to, row0, 0, 0, columnBins, L.rows);
    } else {
      const tree = control[FOREST_CONTROL.first]! + index;
      if (tree < L.trees) grow(tree);
    }
  };
}
