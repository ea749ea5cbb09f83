import { utf8ToBytes } from "@noble/hashes/utils.js";
import { alignScores } from "../evaluation/align-scores.ts";
import { scoreTable } from "../evaluation/score-table.ts";
import type { Digest } from "../lib/digest.ts";
import { valuesAt } from "../lib/values-at.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Blobs } from "../storage/blobs/blobs.ts";
import { type Table, takeRows } from "../table/table.ts";
import type { FitOutcome } from "../training/fit.ts";
import { columnNamed, trainingData } from "../training/training-data.ts";
import type { TrainingSpec } from "../training/training-spec.ts";
import { importanceByColumn, modelReference } from "./model-reference.ts";
import type { WindowUnit } from "./windows.ts";

export interface ReferenceInput {
  readonly spec: TrainingSpec;
  readonly data: Digest;
  readonly fit: {
    readonly judged: Pick<FitOutcome["judged"], "onnx" | "signature">;
    readonly importance: FitOutcome["importance"];
  };
  /** How long a monitoring window will be. */
  readonly unit: WindowUnit;
}

/** More rows than this make no threshold sharper; the last ones are taken (the newest, where rows are in order of time). */
const MOST_ROWS = 50_000;

/** What normal looks like for a version, kept as a blob: monitoring compares windows with it. */
export async function makeReference(
  deps: {
    readonly blobs: Blobs;
    readonly runtime: Runtime;
    readonly loadTable: (data: Digest) => Promise<Table>;
  },
  input: ReferenceInput,
): Promise<Digest> {
  const { spec, fit } = input;
  const data = trainingData(spec, await deps.loadTable(input.data));
  const train = takeRows(data.table, data.train.subarray(-MOST_ROWS));
  const names = spec.columns.map((column) => column.name);
  const table: Table = {
    rows: train.rows,
    columns: new Map(names.map((name) => [name, columnNamed(train, name)])),
  };
  const times = spec.time === undefined ? undefined : columnNamed(train, spec.time);
  const held = takeRows(data.table, data.test);
  const session = await deps.runtime.load(await deps.blobs.get(fit.judged.onnx));
  const { signature } = fit.judged;
  const own = await scoreTable(session, { signature, table: held });
  await session.close();
  // An imported model has its own order of classes.
  const scores = alignScores(own, signature, spec) ?? own;
  const shares = new Map(fit.importance.map(({ feature, share }) => [feature, share]));
  const reference = modelReference({
    task: spec.task,
    table,
    roles: Object.fromEntries(spec.columns.map(({ name, role }) => [name, role])),
    ...(times && times.type !== "string"
      ? { time: { timesMs: times.values.map((seconds) => seconds * 1000), unit: input.unit } }
      : {}),
    ...(shares.size === 0 ? {} : { importance: importanceByColumn(shares, names) }),
    heldOut: { scores, target: valuesAt(data.target, data.test) },
    classes: spec.classes,
    seed: spec.seed,
  });
  return deps.blobs.put(utf8ToBytes(JSON.stringify(reference)));
}
