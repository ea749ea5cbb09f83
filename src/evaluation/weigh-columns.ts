import type { Digest } from "../lib/digest.ts";
import { random } from "../lib/random.ts";
import type { Scores } from "../lib/task.ts";
import type { Signature } from "../onnx/signature.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Blobs } from "../storage/blobs/blobs.ts";
import { type Table, takeRows } from "../table/table.ts";
import type { FitOutcome } from "../training/fit.ts";
import { trainingData } from "../training/training-data.ts";
import type { TrainingSpec } from "../training/training-spec.ts";
import { scoreTable } from "./score-table.ts";

export interface WeighInput {
  readonly spec: TrainingSpec;
  readonly data: Digest;
  readonly onnx: Digest;
  readonly signature: Signature;
}

/** More rows change the order of the columns little, and each column costs a run over them. */
const MOST_ROWS = 1000;

/**
 * How much a model that says nothing of itself looks at each column: how far its answers move, on average over held-out rows, when
 * the column's values are shuffled among them (permutation importance, Breiman 2001, of the answers instead of the loss: no
 * truth is needed). Shares of the sum, largest first; the same for the same seed. Empty when no column moves anything.
 */
export async function weighColumns(
  deps: {
    readonly blobs: Blobs;
    readonly runtime: Runtime;
    readonly loadTable: (data: Digest) => Promise<Table>;
  },
  { spec, data, onnx, signature }: WeighInput,
): Promise<FitOutcome["importance"]> {
  const known = trainingData(spec, await deps.loadTable(data));
  const table = takeRows(known.table, known.test.subarray(0, MOST_ROWS));
  const session = await deps.runtime.load(await deps.blobs.get(onnx));
  try {
    const before = await scoreTable(session, { signature, table });
    const moved: [string, number][] = [];
    for (const { name } of signature.columns) {
      const order = random(`weigh/${spec.seed}/${name}`).shuffle([...Array(table.rows).keys()]);
      const shuffled = takeRows(table, Uint32Array.from(order)).columns.get(name);
      const columns = new Map(table.columns);
      if (shuffled) columns.set(name, shuffled);
      const after = await scoreTable(session, { signature, table: { rows: table.rows, columns } });
      moved.push([name, distance(before, after)]);
    }
    const sum = moved.reduce((total, [, far]) => total + far, 0);
    if (!(sum > 0)) return [];
    return moved
      .map(([feature, far]) => ({ feature, share: far / sum }))
      .sort((a, b) => b.share - a.share)
      .slice(0, 50);
  } finally {
    await session.close();
  }
}

const distance = (a: Scores, b: Scores): number => {
  const far = a.values.reduce((sum, value, i) => sum + Math.abs(value - b.values[i]!), 0);
  return Number.isFinite(far) ? far : 0;
};
