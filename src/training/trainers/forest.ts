import { z } from "zod";
import type { DataShape, FitInput, Trainer } from "../trainer.ts";
import { checkFit } from "../trees/check-fit.ts";
import { emitBothClasses, emitTrees } from "../trees/emit-trees.ts";
import { addTrees } from "../trees/ensemble.ts";
import { growForest } from "../trees/forest-grow.ts";
import { gainImportance, leafCount } from "../trees/importance.ts";
import { regression } from "../trees/objective.ts";

const params = z.object({
  trees: z.number().int().min(1).max(5000).default(100),
  maxDepth: z.number().int().min(1).max(30).default(16),
  /** Least sum of weights in a leaf: rows, where there are no weights. */
  minLeaf: z.number().positive().default(2),
  /** Share of columns tried at a split; absent: square root of their number for classes, a third for regression. */
  columnSample: z.number().positive().max(1).optional(),
  /** Rows drawn for a tree, as a share of all. */
  rowSample: z.number().positive().max(1).default(1),
  /** Rows drawn for a tree at most: of millions each tree sees some, the forest all. */
  treeRows: z.number().int().positive().default(300_000),
  /** Draw rows with replacement. */
  bootstrap: z.boolean().default(true),
  maxBins: z.number().int().min(2).max(255).default(255),
});
type Params = z.infer<typeof params>;

/** Random forest: class shares of the leaves, averaged over trees. Missing values go to the side that splits best. */
export const forest: Trainer<Params> = {
  name: "forest",
  title: "Random forest",
  style: "tree",
  tasks: ["binary", "multiclass", "regression"],
  params,
  portfolio: ({ rows }: DataShape) => {
    const configurations: z.input<typeof params>[] =
      rows < 1000
        ? [
            { maxDepth: 6, minLeaf: 5 },
            { maxDepth: 12, minLeaf: 2, trees: 200 },
          ]
        : [
            { maxDepth: 10, minLeaf: 5 },
            // Leaves of large data are kept large: file and latency grow with them, quality hardly does.
            { maxDepth: 16, minLeaf: Math.max(2, Math.round(rows / 20_000)) },
          ];
    return configurations.map((c) => params.parse(c));
  },
  // More trees are never worse and cost what they cost: that is no question for a search.
  space: ({ rows }) => ({
    dimensions: {
      maxDepth: { kind: "whole", low: 4, high: 24 },
      minLeaf: { kind: "whole", low: 1, high: Math.max(20, Math.round(rows / 200)), log: true },
      columnSample: { kind: "number", low: 0.1, high: 1 },
      rowSample: { kind: "number", low: 0.4, high: 1 },
    },
  }),
  fit(input) {
    checkFit(input);
    const { task, params: p } = input;
    const values = task === "multiclass" ? input.classes : 1;
    const scaled =
      task === "regression" ? regression(input.target, input.weights, "squared") : null;
    const grown = growForest({
      design: input.design,
      y: scaled ? scaled.y : input.target,
      weights: input.weights,
      values,
      settings: { ...p, tries: triedColumns(input) },
      seed: input.seed,
      threads: input.threads ?? 1,
      openTeam: input.openTeam,
      signal: input.signal,
      onTree: (tree) => input.onProgress?.(tree / p.trees),
    });
    const ensemble = scaled ? { ...grown, value: grown.value.map((v) => v * scaled.scale) } : grown;
    const shift = scaled?.shift ?? 0;
    const trees = ensemble.roots.length;
    const leaves = leafCount(ensemble);
    return {
      complexity: leaves,
      summary: { trees, leaves, columnsTried: triedColumns(input) },
      predict(design) {
        const sums = new Float64Array(design.rows * values);
        addTrees(ensemble, design, sums);
        return { rows: design.rows, width: values, values: sums.map((s) => s / trees + shift) };
      },
      emit(graph, from) {
        const base = scaled ? [shift] : undefined;
        const mean = emitTrees(graph, from, ensemble, "AVERAGE", base);
        return task === "binary" ? emitBothClasses(graph, mean) : mean;
      },
      importance: (design) => gainImportance(ensemble, design),
    };
  },
};

function triedColumns({ design, task, params: p }: FitInput<Params>): number {
  const { width } = design;
  if (p.columnSample !== undefined) return Math.max(1, Math.round(width * p.columnSample));
  return Math.max(1, Math.round(task === "regression" ? width / 3 : Math.sqrt(width)));
}
