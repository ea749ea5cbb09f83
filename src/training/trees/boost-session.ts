import type { OpenTeam, Team } from "../../engine/compute.ts";
import type { Random } from "../../lib/random.ts";
import type { Design } from "../encoding/encoding.ts";
import { type Arena, openArena } from "../kernels/arena.ts";
import { type Bins, chunkBytes, findBins, forEachChunk, writeBins } from "./binning.ts";
import {
  type BoostLayout,
  COLUMN_BYTES,
  CONTROL,
  MAXIMA_BYTES,
  NODE,
  OP,
  RESULT,
} from "./boost-layout.ts";
import { gbdtMember } from "./boost-member.ts";
import { bundleColumns } from "./bundles.ts";

/** Below this many cells a second thread costs more to start than it saves. */
const CELLS_PER_THREAD = 100_000;

/**
 * Thresholds tell apart what few rows can tell apart: eight rows a bin, 32 bins or more. On 500 rows that halves the time of a fit,
 * at AUC 0.0007 lower (bench/training, mean of 1,000 fits). A row of weight 2 counts as two.
 */
function fewBins({ design, weights }: BoostData): number {
  const rows = weights ? weights.reduce((sum, w) => sum + w, 0) : design.rows;
  return Math.max(32, Math.floor(rows / 8));
}

/** Binned data in shared memory and the threads that work on it, for one fit. Close it. */
export interface BoostSession {
  readonly layout: BoostLayout;
  readonly arena: Arena;
  readonly bins: Bins;
  readonly members: number;
  /** Runs an operation on all members; returns when all are done. */
  run(op: number): void;
  readonly control: Int32Array;
  readonly floats: Float64Array;
  close(): void;
}

export interface BoostData {
  readonly design: Design;
  /** As the loss wants it: 0/1, class index or a standardised number. */
  readonly y: Float64Array;
  readonly weights: Float64Array | undefined;
  /** Margins a row: 1, or the number of classes. */
  readonly classes: number;
  /** Margin every row begins with, per class. */
  readonly base: Float64Array;
  readonly maxBins: number;
  /** +1: the margin must not fall as the column rises; -1: not rise. Per dense column. */
  readonly monotone: ReadonlyMap<number, number>;
  readonly maxDepth: number;
  readonly threads: number;
  readonly openTeam: OpenTeam | undefined;
}

export function openBoostSession(data: BoostData, rng: Random): BoostSession {
  const { design } = data;
  const n = design.rows;
  const bins = findBins(design, data.maxBins, rng, Math.min(data.maxBins, fewBins(data)));
  const members = data.openTeam
    ? Math.max(1, Math.min(data.threads, Math.floor((n * bins.used.length) / CELLS_PER_THREAD)))
    : 1;
  const arena = openArena();
  let team: Team | undefined;
  const close = () => {
    team?.close();
    arena.release();
  };
  try {
    const layout = allocate(arena, data, bins, members);
    fill(layout, data, bins);
    // Members read their command blocks through views made now: those stay valid when the memory grows.
    let run = gbdtMember(layout, 0, 1);
    if (members > 1 && data.openTeam) {
      const opened = data.openTeam("gbdt", members, layout);
      run = (op) => opened.broadcast(op);
      team = opened;
    }
    const { buffer } = arena.memory;
    const session: BoostSession = {
      layout,
      arena,
      bins,
      members,
      run,
      control: new Int32Array(buffer, layout.control, CONTROL.floatsAt / 4),
      floats: new Float64Array(buffer, layout.control + CONTROL.floatsAt, 16),
      close,
    };
    forEachChunk(design, arena, layout.chunk, (rows, row0) => {
      session.control[CONTROL.rows] = rows;
      session.control[CONTROL.row0] = row0;
      run(OP.bin);
    });
    session.control[CONTROL.columns] = bundleColumns(layout, arena);
    return session;
  } catch (error) {
    close();
    throw error;
  }
}

function allocate(arena: Arena, data: BoostData, bins: Bins, members: number): BoostLayout {
  const { rows: n, width } = data.design;
  const { classes } = data;
  const features = bins.used.length;
  const blocks = Math.ceil(features / 4);
  const ends = cellOffsets(bins);
  // A level of a tree has at most 2^depth nodes, and at most one a row.
  const slots = Math.max(2, Math.min(2 ** data.maxDepth, n));
  return {
    memory: arena.memory,
    rows: n,
    width,
    features,
    blocks,
    slots,
    classes,
    control: arena.alloc(CONTROL.bytes),
    nodes: arena.alloc(slots * NODE.bytes),
    results: arena.alloc(members * slots * 2 * RESULT.bytes),
    maxima: arena.alloc(members * MAXIMA_BYTES),
    used: arena.alloc(features * 4),
    cuts: arena.alloc(features * 1024),
    cutCounts: arena.alloc(features * 4),
    mask: arena.alloc(features),
    signs: data.monotone.size > 0 ? arena.alloc(features) : 0,
    rowBins: arena.alloc(n * blocks * 4),
    columnBins: arena.alloc(n * features),
    idx: arena.alloc(n * 4),
    scratch: arena.alloc(n * 4),
    margin: arena.alloc(n * classes * 8),
    y: arena.alloc(n * 8),
    w: data.weights ? arena.alloc(n * 4) : 0,
    probability: classes > 1 ? arena.alloc(n * classes * 4) : 0,
    gh: arena.alloc(n * 8),
    q: arena.alloc(n * 8),
    histogramBytes: ends.at(-1)!,
    offsets: arena.alloc(ends.length * 4),
    own: arena.alloc(members * ends.at(-1)!),
    sums: arena.alloc(members * features * COLUMN_BYTES),
    shapes: arena.alloc(features * 8),
    cells: arena.alloc(features * 1024),
    chunk: arena.alloc(chunkBytes(data.design)),
  };
}

/** Where each feature's cells begin in a histogram, and its end: cells of its bins and one of missing values, 8 bytes each. */
function cellOffsets({ cuts }: Bins): number[] {
  const offsets = [0];
  for (const [j, { length }] of cuts.entries()) {
    const end = offsets[j]! + (length + 2) * 8;
    const whole = j % 4 === 3 || j === cuts.length - 1;
    offsets.push(whole ? Math.ceil(end / 16) * 16 : end);
  }
  return offsets;
}

function fill(layout: BoostLayout, data: BoostData, bins: Bins): void {
  const { buffer } = layout.memory;
  const { rows: n, features } = layout;
  writeBins(bins, layout.memory, layout);
  new Int32Array(buffer, layout.offsets, features + 1).set(cellOffsets(bins));
  new Uint8Array(buffer, layout.mask, features).fill(1);
  if (layout.signs)
    new Int8Array(buffer, layout.signs, features).set(
      Array.from(bins.used, (j) => data.monotone.get(j) ?? 0),
    );
  // Features beyond the last of the final block read bin 0.
  new Uint8Array(buffer, layout.rowBins, n * layout.blocks * 4).fill(0);
  new Float64Array(buffer, layout.y, n).set(data.y);
  if (data.weights) new Float32Array(buffer, layout.w, n).set(data.weights);
  for (let k = 0; k < data.classes; k++)
    new Float64Array(buffer, layout.margin + k * n * 8, n).fill(data.base[k]!);
}
