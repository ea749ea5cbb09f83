import { instantiate } from "../kernels/instantiate.ts";
import { wasm } from "../kernels/trees.gen.ts";
import {
  type BoostLayout,
  COLUMN_BYTES,
  CONTROL,
  LOSS,
  MAXIMA_BYTES,
  NODE,
  OP,
  RESULT,
  rowStride,
} from "./boost-layout.ts";
import type { TreeKernels } from "./kernels.ts";

/** Columns summed in one pass over a node's rows: 256 KiB of cells stay in the second cache level. */
const GROUP = 128;

/**
 * Member `index` of a boosting team of `size`: returns what executes an operation for its share. Shares follow from sizes
 * alone, and since histograms are integers no division of the work can change a result.
 */
export function gbdtMember(layout: BoostLayout, index: number, size: number): (op: number) => void {
  const L = layout;
  const K = instantiate<TreeKernels>(wasm, L.memory);
  const buffer = L.memory.buffer;
  const control = new Int32Array(buffer, L.control, CONTROL.floatsAt / 4);
  const floats = new Float64Array(buffer, L.control + CONTROL.floatsAt, 16);
  const nodes = new Int32Array(buffer, L.nodes, (L.slots * NODE.bytes) / 4);
  const nodeFloats = new Float64Array(buffer, L.nodes, (L.slots * NODE.bytes) / 8);
  const resultsAt = L.results + index * L.slots * 2 * RESULT.bytes;
  const results = new Int32Array(buffer, resultsAt, (L.slots * 2 * RESULT.bytes) / 4);
  const maxima = new Float64Array(buffer, L.maxima + index * MAXIMA_BYTES, 2);
  const offsets = new Int32Array(buffer, L.offsets, L.features + 1);
  const sums = L.sums + index * L.features * COLUMN_BYTES;
  K.clear(sums, L.features * COLUMN_BYTES);
  const share = (total: number, k: number) => Math.floor((total * k) / size);
  const get = (i: number, field: number) => nodes[i * (NODE.bytes / 4) + field]!;
  const set = (i: number, field: number, value: number) => {
    nodes[i * (NODE.bytes / 4) + field] = value;
  };
  /** Nodes are dealt out by where their rows begin. */
  const mine = (i: number) => {
    const s = get(i, NODE.s);
    return s >= share(L.rows, index) && s < share(L.rows, index + 1);
  };
  const totalRows = () => {
    let total = 0;
    for (let i = 0; i < control[CONTROL.count]!; i++) total += get(i, NODE.e) - get(i, NODE.s);
    return total;
  };

  /** A node's rows, or a part of them. */
  const sumRows = (s: number, e: number, into: number) => {
    const columns = control[CONTROL.columns]!;
    const stride = rowStride(columns);
    for (let j = 0; j < columns; j += GROUP) {
      const some = Math.min(GROUP, columns - j);
      K.hist(L.rowBins + j, stride, some, L.idx, s, e, L.q, sums + j * COLUMN_BYTES);
    }
    K.clear(into, L.histogramBytes);
    K.collect(sums, columns, L.shapes, L.cells, into);
  };

  /** All rows of all nodes in a line, cut into `size` equal parts. Who begins inside a node sums into a histogram of its own. */
  const hist = () => {
    const total = totalRows();
    const [from, to] = [share(total, index), share(total, index + 1)];
    for (let i = 0, start = 0; i < control[CONTROL.count]!; i++) {
      const rows = get(i, NODE.e) - get(i, NODE.s);
      const [a, b] = [Math.max(from, start), Math.min(to, start + rows)];
      const shift = get(i, NODE.s) - start;
      const into = a === start ? get(i, NODE.small) : L.own + index * L.histogramBytes;
      if (b > a) sumRows(a + shift, b + shift, into);
      start += rows;
    }
  };

  /** All (node, block) pairs in a line, cut likewise: add what others summed, subtract from the parent, look for splits. */
  const scan = () => {
    const count = control[CONTROL.count]!;
    const total = totalRows();
    const pairs = count * L.blocks;
    const [from, to] = [share(pairs, index), share(pairs, index + 1)];
    for (let i = 0, start = 0; i < count; i++) {
      const rows = get(i, NODE.e) - get(i, NODE.s);
      const b0 = Math.max(0, from - i * L.blocks);
      const b1 = Math.min(L.blocks, to - i * L.blocks);
      const out = i * 2 * RESULT.bytes;
      results[out / 4 + RESULT.feature] = -1;
      results[(out + RESULT.bytes) / 4 + RESULT.feature] = -1;
      if (b1 > b0) {
        const [f0, f1] = [b0 * 4, Math.min(L.features, b1 * 4)];
        const offset = offsets[f0]!;
        const bytes = offsets[f1]! - offset;
        const small = get(i, NODE.small);
        for (let k = 1; k < size; k++) {
          const begin = share(total, k);
          if (begin > start && begin < start + rows && share(total, k + 1) > begin)
            K.add(small + offset, L.own + k * L.histogramBytes + offset, bytes);
        }
        if (get(i, NODE.large) !== 0) {
          const large = get(i, NODE.large);
          K.sub(large + offset, small + offset, bytes);
          split(large, f0, f1, i, NODE.largeLower, resultsAt + out + RESULT.bytes);
        }
        split(small, f0, f1, i, NODE.lower, resultsAt + out);
      }
      start += rows;
    }
  };
  const split = (h: number, f0: number, f1: number, i: number, bounds: number, out: number) => {
    const [lambda, minGain] = [floats[CONTROL.lambdaSteps]!, floats[CONTROL.minGainSteps]!];
    const minH = control[CONTROL.minH]!;
    const { offsets: at, cutCounts, mask, signs } = L;
    if (signs === 0) return K.split(h, at, f0, f1, cutCounts, mask, lambda, minH, minGain, out);
    const from = i * (NODE.bytes / 8) + bounds;
    const [lo, hi] = [nodeFloats[from]!, nodeFloats[from + 1]!];
    K.splitMonotone(h, at, f0, f1, cutCounts, mask, lambda, minH, minGain, signs, lo, hi, out);
  };

  const partition = () => {
    for (let i = 0; i < control[CONTROL.count]!; i++) {
      if (!mine(i)) continue;
      const column = L.columnBins + get(i, NODE.feature) * L.rows;
      const cut = (from: number, to: number, side: number) =>
        K.part(column, get(i, NODE.bin), side, L.idx, from, to, L.scratch + from * 4);
      const [s, e] = [get(i, NODE.s), get(i, NODE.e)];
      const mid = cut(s, e, get(i, NODE.side) & 1);
      // No missing row in the sample: others will follow its larger part.
      if (get(i, NODE.side) === 2) set(i, NODE.side, mid - s >= e - mid ? 1 : 0);
      set(i, NODE.mid, mid);
      set(i, NODE.umid, cut(get(i, NODE.us), get(i, NODE.ue), get(i, NODE.side)));
    }
  };

  const leaves = () => {
    const margin = L.margin + control[CONTROL.target]! * L.rows * 8;
    for (let i = 0; i < control[CONTROL.count]!; i++) {
      if (!mine(i)) continue;
      const at = i * (NODE.bytes / 8);
      let value = nodeFloats[at + NODE.value]!;
      // Writes g to `value` and h to `cover`.
      K.sums(
        L.gh,
        L.idx,
        get(i, NODE.s),
        get(i, NODE.e),
        L.nodes + i * NODE.bytes + NODE.value * 8,
      );
      if (control[CONTROL.newton] === 1) {
        const [g, h] = [nodeFloats[at + NODE.value]!, nodeFloats[at + NODE.cover]!];
        const denominator = h + floats[CONTROL.lambda]!;
        value = denominator > 0 ? -g / denominator : 0;
      }
      const [lower, upper] = [nodeFloats[at + NODE.lower]!, nodeFloats[at + NODE.upper]!];
      value = Math.fround(Math.max(lower, Math.min(upper, value)) * floats[CONTROL.rate]!);
      nodeFloats[at + NODE.value] = value;
      K.update(L.idx, get(i, NODE.s), get(i, NODE.e), value, margin);
      K.update(L.idx, get(i, NODE.us), get(i, NODE.ue), value, margin);
    }
  };

  const gradient = (from: number, to: number) => {
    const out = L.maxima + index * MAXIMA_BYTES;
    maxima.fill(0);
    const loss = control[CONTROL.loss];
    const k = control[CONTROL.target]!;
    if (loss === LOSS.logistic) K.logistic(L.margin, L.y, L.w, L.gh, from, to, out);
    else if (loss === LOSS.softmax)
      K.softgrad(L.probability + k * L.rows * 4, L.y, k, L.w, L.gh, from, to, out);
    else {
      const [delta, unit] = [floats[CONTROL.delta]!, floats[CONTROL.unit]!];
      K.residual(L.margin, L.y, L.w, L.gh, from, to, delta, unit, out);
    }
  };

  return (op) => {
    const [from, to] = [share(L.rows, index), share(L.rows, index + 1)];
    switch (op) {
      case OP.bin: {
        const rows = control[CONTROL.rows]!;
        K.bin(
          L.chunk,
          L.width,
          L.used,
          L.features,
          L.cuts,
          share(rows, index),
          share(rows, index + 1),
          control[CONTROL.row0]!,
          L.rowBins,
          rowStride(L.features),
          L.columnBins,
          L.rows,
        );
        break;
      }
      case OP.identity:
        K.iota(L.idx, from, to);
        break;
      case OP.gradient:
        gradient(from, to);
        break;
      case OP.softmax:
        K.softmax(L.margin, L.probability, L.rows, L.classes, from, to);
        break;
      case OP.quantise: {
        const [stepsG, stepsH] = [floats[CONTROL.stepsG]!, floats[CONTROL.stepsH]!];
        K.quantise(L.gh, L.q, from, to, stepsG, stepsH, control[CONTROL.salt]!);
        break;
      }
      case OP.hist:
        hist();
        break;
      case OP.scan:
        scan();
        break;
      case OP.partition:
        partition();
        break;
      case OP.leaves:
        leaves();
        break;
    }
  };
}
