import type { Digest } from "../lib/digest.ts";
import { rowsWhere } from "../lib/rows-where.ts";
import type { Blobs } from "../storage/blobs/blobs.ts";
import type { Table } from "../table/table.ts";
import { fitCandidate, type Threads } from "../training/candidate.ts";
import { exportOnnx } from "../training/export-onnx.ts";
import { sampleRows } from "../training/sample-rows.ts";
import { columnNamed, targetOf } from "../training/training-data.ts";
import type { Candidate, TrainingSpec } from "../training/training-spec.ts";
import { knownRows, partsOf, TEST } from "./parts.ts";

/** A large dataset is not learned from whole four times: beyond, rows add little to a parent. */
const MOST_ROWS = 300_000;

export interface FitSharedInput {
  readonly spec: TrainingSpec;
  readonly data: Digest;
  readonly candidate: Candidate;
  /** The part to leave out; null: none. */
  readonly part: number | null;
}

/** The model that everybody shares, without one part of the training rows. @returns the file. */
export async function fitShared(
  deps: Threads & {
    readonly blobs: Pick<Blobs, "put">;
    readonly loadTable: (data: Digest) => Promise<Table>;
  },
  { spec, data, candidate, part }: FitSharedInput,
): Promise<Digest> {
  const table = knownRows(spec, await deps.loadTable(data));
  const target = targetOf(columnNamed(table, spec.target), spec.task, spec.classes);
  const parts = partsOf(spec, table, target);
  const all = rowsWhere(table.rows, (row) => parts[row] !== TEST && parts[row] !== part);
  const rows = sampleRows(all, MOST_ROWS, spec.seed);
  const fitted = fitCandidate(spec, candidate, { table, target, rows }, deps);
  return deps.blobs.put(exportOnnx(spec, fitted).onnx);
}
