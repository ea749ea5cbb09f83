/** Operations of a forest team. `grow` builds tree control[first] + the member's index. */
export const FOREST_OP = { bin: 1, grow: 2 } as const;

/** Words (int32) of the control block. */
export const FOREST_CONTROL = { bytes: 64, rows: 0, row0: 1, first: 2 } as const;

/** A finished node, 8 words: int32 feature (used number, -1 leaf), bin, side, left, right; float32 cover, gain, spare. */
export const GROWN = {
  words: 8,
  feature: 0,
  bin: 1,
  side: 2,
  left: 3,
  right: 4,
  cover: 5,
  gain: 6,
} as const;

/** Sizes, settings, and byte offsets into the shared memory. */
export interface ForestLayout {
  readonly memory: WebAssembly.Memory;
  readonly rows: number;
  readonly width: number;
  readonly features: number;
  /** Numbers a leaf holds: 1, or the classes of a multiclass target. */
  readonly values: number;
  readonly trees: number;
  readonly maxDepth: number;
  readonly minLeaf: number;
  /** Columns to try at a node. */
  readonly tries: number;
  /** Rows to draw for a tree. */
  readonly drawn: number;
  /** With replacement. */
  readonly bootstrap: boolean;
  readonly seed: number;
  /** Nodes a tree can have at most. */
  readonly maxNodes: number;
  readonly control: number;
  readonly chunk: number;
  readonly used: number;
  readonly cuts: number;
  readonly cutCounts: number;
  readonly columnBins: number;
  /** f64 target and f64 weight of every row. */
  readonly y: number;
  readonly w: number;
  /** First of the members' private areas, and their distance; offsets within one follow. */
  readonly areas: number;
  readonly areaBytes: number;
  readonly area: {
    readonly idx: number;
    readonly scratch: number;
    /** f64 pairs: (w y or the class, w). */
    readonly pairs: number;
    /** Those of the node at work, in the order of its rows. */
    readonly taken: number;
    readonly histogram: number;
    readonly totals: number;
    readonly left: number;
    readonly best: number;
    readonly bitmap: number;
    /** int32: number of nodes; then the nodes, then their values. */
    readonly count: number;
    readonly nodes: number;
    readonly results: number;
  };
}
