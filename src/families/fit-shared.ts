import type { Digest } from "../lib/digest.ts";
import type { Blobs } from "../storage/blobs/blobs.ts";
import type { Table } from "../table/table.ts";
import { fitCandidate, type Threads } from "../training/candidate.ts";
import { takeDesign } from "../training/encoding/take-design.ts";
import { exportOnnx } from "../training/export-onnx.ts";
import { fitPooled } from "../training/linear/pooled.ts";
import { sampleRows } from "../training/sample-rows.ts";
import { columnNamed, targetOf } from "../training/training-data.ts";
import type { Candidate, TrainingSpec } from "../training/training-spec.ts";
import { type LinearModels, PARTS } from "./family.ts";
import { type Features, partedRows, rowsWhere } from "./features.ts";
import { keepCoefficients } from "./keep-coefficients.ts";
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
  const all = rowsWhere(parts, (p) => p !== TEST && p !== part);
  const rows = sampleRows(all, MOST_ROWS, spec.seed);
  const fitted = fitCandidate(spec, candidate, { table, target, rows }, deps);
  return deps.blobs.put(exportOnnx(spec, fitted).onnx);
}

/** The linear model at the top, to which all others are drawn. */
export async function fitTop(
  deps: {
    readonly blobs: Pick<Blobs, "put">;
    readonly loadTable: (data: Digest) => Promise<Table>;
    /** By the base they were learned from: a thread works on one family at a time. */
    readonly features: (spec: TrainingSpec, base: Digest) => Promise<Features>;
  },
  { spec, base }: { readonly spec: TrainingSpec; readonly base: Digest },
): Promise<LinearModels> {
  const { table, target, parts } = partedRows(spec, await deps.loadTable(base));
  const { smooth } = await deps.features(spec, base);
  const design = smooth.encode(table);
  const linear = Array.from({ length: PARTS + 1 }, (_, part) => {
    const rows = rowsWhere(parts, (p) => p !== part);
    const learned = Float64Array.from(rows, (row) => target[row]!);
    return fitPooled(spec.task as "binary" | "regression", takeDesign(design, rows), learned, {
      ...{ prior: undefined, strength: 1 },
    });
  });
  return keepCoefficients(deps.blobs, [{ name: spec.model, linear }]);
}
