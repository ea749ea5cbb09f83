import type { OpenTeam, Team } from "../../engine/compute.ts";
import { MillwrightError } from "../../errors.ts";
import type { Abort } from "../../lib/abort.ts";
import { random } from "../../lib/random.ts";
import type { Design } from "../encoding/encoding.ts";
import { type Arena, openArena } from "../kernels/arena.ts";
import { type Bins, chunkBytes, findBins, forEachChunk, writeBins } from "./binning.ts";
import { type Ensemble, type EnsembleBuilder, ensembleBuilder } from "./ensemble.ts";
import { FOREST_CONTROL, FOREST_OP, type ForestLayout, GROWN } from "./forest-layout.ts";
import { forestMember } from "./forest-member.ts";

interface ForestSettings {
  readonly trees: number;
  readonly maxDepth: number;
  /** Least sum of weights in a leaf. */
  readonly minLeaf: number;
  readonly tries: number;
  readonly rowSample: number;
  readonly treeRows: number;
  readonly bootstrap: boolean;
  readonly maxBins: number;
}

export interface ForestInput {
  readonly design: Design;
  /** 0/1, class index or a standardised number. */
  readonly y: Float64Array;
  readonly weights: Float64Array | undefined;
  /** Numbers a leaf holds: 1, or the classes of a multiclass target. */
  readonly values: number;
  readonly settings: ForestSettings;
  readonly seed: number;
  readonly threads: number;
  readonly openTeam: OpenTeam | undefined;
  readonly signal: Abort | undefined;
  readonly onTree: (tree: number) => void;
}

/** Below this many cells a tree is grown faster than a second thread starts. */
const CELLS_PER_THREAD = 20_000;

/** Random forest (Breiman 2001) on binned columns; a tree a thread, each from its own seed. */
export function growForest(input: ForestInput): Ensemble {
  const { design, settings } = input;
  const bins = findBins(design, settings.maxBins, random(input.seed).split("bins"));
  const cells = design.rows * bins.used.length;
  const members = input.openTeam
    ? Math.max(1, Math.min(input.threads, settings.trees, Math.floor(cells / CELLS_PER_THREAD)))
    : 1;
  const arena = openArena();
  let team: Team | undefined;
  try {
    const layout = allocate(arena, input, bins, members);
    fill(layout, input, bins);
    let run = forestMember(layout, 0, members);
    if (members > 1 && input.openTeam) {
      const opened = input.openTeam("forest", members, layout);
      run = (op) => opened.broadcast(op);
      team = opened;
    }
    const { buffer } = arena.memory;
    const control = new Int32Array(buffer, layout.control, FOREST_CONTROL.bytes / 4);
    forEachChunk(design, arena, layout.chunk, (rows, row0) => {
      control[FOREST_CONTROL.rows] = rows;
      control[FOREST_CONTROL.row0] = row0;
      run(FOREST_OP.bin);
    });
    const builder = ensembleBuilder(input.values, input.values);
    for (let first = 0; first < settings.trees; first += members) {
      if (input.signal?.aborted)
        throw new MillwrightError("cancelled", `training stopped after ${first} trees: cancelled`);
      control[FOREST_CONTROL.first] = first;
      run(FOREST_OP.grow);
      for (let k = 0; k < members && first + k < settings.trees; k++)
        collect(layout, bins, k, builder);
      input.onTree(Math.min(settings.trees, first + members));
    }
    return builder.finish();
  } finally {
    team?.close();
    arena.release();
  }
}

function allocate(arena: Arena, input: ForestInput, bins: Bins, members: number): ForestLayout {
  const { design, settings, values } = input;
  const { rows: n, width } = design;
  const features = bins.used.length;
  const leaves = Math.min(n, 2 ** settings.maxDepth);
  const maxNodes = 2 * leaves - 1;
  const sizes = {
    idx: n * 4,
    scratch: n * 4,
    pairs: n * 16,
    taken: n * 16,
    histogram: 256 * 8 * Math.max(2, values),
    totals: Math.max(2, values) * 8,
    left: values * 8,
    best: 32,
    bitmap: 32,
    count: 4,
    nodes: maxNodes * GROWN.words * 4,
    results: maxNodes * values * 4,
  };
  const area = { ...sizes };
  let areaBytes = 0;
  for (const key of Object.keys(sizes) as (keyof typeof sizes)[]) {
    area[key] = areaBytes;
    areaBytes += Math.ceil(sizes[key] / 64) * 64;
  }
  return {
    memory: arena.memory,
    rows: n,
    width,
    features,
    values,
    trees: settings.trees,
    maxDepth: settings.maxDepth,
    minLeaf: settings.minLeaf,
    tries: Math.max(1, Math.min(features, settings.tries)),
    drawn: Math.max(1, Math.min(settings.treeRows, Math.round(n * settings.rowSample))),
    bootstrap: settings.bootstrap,
    seed: input.seed,
    maxNodes,
    control: arena.alloc(FOREST_CONTROL.bytes),
    chunk: arena.alloc(chunkBytes(design)),
    used: arena.alloc(features * 4),
    cuts: arena.alloc(features * 1024),
    cutCounts: arena.alloc(features * 4),
    columnBins: arena.alloc(n * features),
    y: arena.alloc(n * 8),
    w: arena.alloc(n * 8),
    areas: arena.alloc(members * areaBytes),
    areaBytes,
    area,
  };
}

function fill(layout: ForestLayout, input: ForestInput, bins: Bins): void {
  const { buffer } = layout.memory;
  writeBins(bins, layout.memory, layout);
  new Float64Array(buffer, layout.y, layout.rows).set(input.y);
  const w = new Float64Array(buffer, layout.w, layout.rows).fill(1);
  if (input.weights) w.set(input.weights);
}

/** Copies the tree that member `k` has just grown. */
function collect(layout: ForestLayout, bins: Bins, k: number, builder: EnsembleBuilder): void {
  const { buffer } = layout.memory;
  const base = layout.areas + k * layout.areaBytes;
  const size = new Int32Array(buffer, base + layout.area.count, 1)[0]!;
  const ints = new Int32Array(buffer, base + layout.area.nodes, size * GROWN.words);
  const floats = new Float32Array(buffer, base + layout.area.nodes, size * GROWN.words);
  const values = new Float32Array(buffer, base + layout.area.results, size * layout.values);
  builder.tree(-1);
  let root = 0;
  for (let i = 0; i < size; i++) {
    const node = builder.node(floats[i * GROWN.words + GROWN.cover]!);
    if (i === 0) root = node;
    const at = i * GROWN.words;
    const feature = ints[at + GROWN.feature]!;
    if (feature < 0) {
      for (let v = 0; v < layout.values; v++)
        builder.value(node, v, values[i * layout.values + v]!);
      continue;
    }
    builder.split(node, root + ints[at + GROWN.left]!, root + ints[at + GROWN.right]!, {
      feature: bins.used[feature]!,
      threshold: bins.cuts[feature]![ints[at + GROWN.bin]!] ?? Number.POSITIVE_INFINITY,
      missingLeft: ints[at + GROWN.side] === 1,
      gain: floats[at + GROWN.gain]!,
    });
  }
}
