import { MillwrightError } from "../errors.ts";
import { stratifiedRows } from "../explanation/background.ts";
import { keepRows } from "../explanation/keep-rows.ts";
import type { Abort } from "../lib/abort.ts";
import type { Digest } from "../lib/digest.ts";
import { rowsWhere } from "../lib/rows-where.ts";
import { valuesAt } from "../lib/values-at.ts";
import type { Signature } from "../onnx/signature.ts";
import type { Sessions } from "../runtime/sessions.ts";
import type { Blobs } from "../storage/blobs/blobs.ts";
import { getJson, putJson } from "../storage/json-blob.ts";
import { type Table, takeRows } from "../table/table.ts";
import { takeDesign } from "../training/encoding/take-design.ts";
import { exportOnnx } from "../training/export-onnx.ts";
import type { TrainingSpec } from "../training/training-spec.ts";
import { comparePredecessor } from "./compare-predecessor.ts";
import {
  type Chunk,
  type ChunkMember,
  type ChunkResult,
  FALSE_DISCOVERY,
  type LevelTask,
  type MemberResult,
  type ModelFile,
  PARTS,
  type Parent,
} from "./family.ts";
import { type Features, type PartedRows, partedRows, takeParted } from "./features.ts";
import { type FittedMember, fitMember, type MemberFit, type MemberRows } from "./fit-member.ts";
import { lossesOf, spreadOf } from "./loss.ts";
import { overParent, parentInput, tableWithParent, withParent } from "./over-parent.ts";
import { parentOf, parentScores, scoresOfFile } from "./parent-scores.ts";
import { TEST } from "./parts.ts";
import type { Predecessors } from "./predecessor.ts";
import { proofOf } from "./proof.ts";

export interface FitChunkInput {
  /** Blob of the `LevelTask`. */
  readonly task: Digest;
  /** Blob of the level's chunks, and which of them. */
  readonly chunks: Digest;
  readonly index: number;
  /** Blob of `Predecessors`: what its members have in service; left out: nothing is compared with it. */
  readonly predecessors?: Digest;
}

export interface FitChunkDeps {
  readonly blobs: Pick<Blobs, "get" | "put">;
  readonly loadTable: (data: Digest) => Promise<Table>;
  readonly sessions: Sessions<Signature>;
  /** By the base they were learned from: a thread works on one family at a time. */
  readonly features: (spec: TrainingSpec, base: Digest) => Promise<Features>;
  readonly now: () => number;
  readonly signal: Abort;
  progress(done: number, of: number): void;
}

/** Trains the members of a chunk. Models are kept of those only that can still turn out to stand on their own. */
export async function fitChunk(deps: FitChunkDeps, input: FitChunkInput): Promise<Digest> {
  const started = deps.now();
  const task = await getJson<LevelTask>(deps.blobs, input.task);
  const chunk = (await getJson<readonly Chunk[]>(deps.blobs, input.chunks))[input.index]!;
  const { spec } = task;
  const predecessors = input.predecessors
    ? await getJson<Predecessors>(deps.blobs, input.predecessors)
    : {};
  const rows = partedRows(spec, await deps.loadTable(chunk.rows));
  const features = await deps.features(spec, task.base);
  const smooth = features.smooth.encode(rows.table);
  const tree = features.tree.encode(rows.table);
  const over = overParent(features.smooth);
  const members: MemberResult[] = [];
  for (const member of chunk.members) {
    if (deps.signal.aborted) throw new MillwrightError("cancelled", "training stopped: cancelled");
    const { from, to } = member;
    const places = Uint32Array.from({ length: to - from }, (_, i) => from + i);
    const own = takeParted(rows, from, to);
    const parent = parentOf(task, own.table);
    const said = await parentScores(deps, task, parent, own);
    const design = takeDesign(smooth, places);
    const heard = said.map((score) => parentInput(spec.task, score));
    const given: MemberRows = {
      ...{ target: own.target, parts: own.parts, parent: said },
      smooth: { encoder: features.smooth, design },
      tree: { encoder: features.tree, design: takeDesign(tree, places) },
      over: { encoder: over, design: withParent(design, heard) },
    };
    const fit = fitMember(spec, given, task);
    members.push(await resultOf(deps, { task, member, own, given, parent, fit, predecessors }));
    deps.progress(members.length, chunk.members.length);
  }
  const result: ChunkResult = { members, seconds: (deps.now() - started) / 1000 };
  return putJson(deps.blobs, result);
}

interface Fitted {
  readonly task: LevelTask;
  readonly member: ChunkMember;
  readonly own: PartedRows;
  readonly given: MemberRows;
  readonly parent: Parent;
  readonly fit: MemberFit;
  readonly predecessors: Predecessors;
}

async function resultOf(deps: FitChunkDeps, fitted: Fitted): Promise<MemberResult> {
  const { member, own, fit, task } = fitted;
  const test = rowsWhere(own.table.rows, (row) => own.parts[row] === TEST);
  const found = {
    ...{ name: member.name, level: task.level, values: member.values },
    ...{ rows: member.train, testRows: member.test },
    ...{ choice: fit.choice, candidate: fit.candidate, tried: fit.tried },
    ...{ loss: fit.loss, reference: fit.reference },
    ...{ parentLoss: fit.parentLoss, parentReference: fit.parentReference },
  };
  if (fit.whole === undefined)
    return { ...found, p: null, ...(fit.reason ? { reason: fit.reason } : {}) };
  if (task.proof && (fit.p === null || fit.p > FALSE_DISCOVERY)) return { ...found, p: fit.p };
  return { ...found, ...(await proven(deps, fitted, fit.whole, test)) };
}

/** Once more, from the file and through the serving runtime: what is served is what is judged. */
async function proven(
  deps: FitChunkDeps,
  { task, member, own, given, parent, fit, predecessors }: Fitted,
  whole: FittedMember,
  test: Uint32Array,
): Promise<Pick<MemberResult, "p" | "loss" | "model" | "compared">> {
  const { spec } = task;
  const corrects = fit.choice === "shrunk";
  const write = async (model: FittedMember, over: ModelFile) => {
    const { onnx, signature } = exportOnnx(spec, model);
    const file = { onnx: await deps.blobs.put(onnx), ...(corrects ? { over } : {}) };
    return { file, bytes: onnx.length, signature };
  };
  const judged = await write(whole, parent.whole);
  const values = await scoresOfFile(deps, task, judged.file, takeRows(own.table, test));
  deps.sessions.drop(judged.file.onnx);
  const target = valuesAt(own.target, test);
  const losses = lossesOf(spec, values, target);
  const before = lossesOf(spec, valuesAt(given.parent, test), target);
  const answers = await write(task.refit ? fit.everything() : whole, parent.served);
  const { signature, ...served } = {
    ...answers,
    background: await backgroundOf(deps, spec, own, given, answers.signature),
  };
  const predecessor = predecessors[member.name];
  const compared =
    predecessor && (await comparePredecessor(deps, { task, predecessor, own, test, losses }));
  const proof = {
    ...{ p: proofOf(spec, before, losses).p, loss: spreadOf(losses).mean },
    ...(compared ? { compared } : {}),
  };
  if (task.level === 0) return { ...proof, model: served };
  const parts: ModelFile[] = [];
  for (let part = 0; part < PARTS; part++)
    parts.push((await write(fit.withoutPart(part), parent.parts[part]!)).file);
  const asParent: Parent = { parts, whole: judged.file, served: served.file };
  return { ...proof, model: { ...served, parent: asParent } };
}

/** Rows of the member against which its answers are explained. */
async function backgroundOf(
  deps: FitChunkDeps,
  spec: TrainingSpec,
  { table, target, parts }: PartedRows,
  { parent }: MemberRows,
  signature: Signature,
): Promise<Digest> {
  const learned = rowsWhere(table.rows, (row) => parts[row] !== TEST);
  const drawn = stratifiedRows(valuesAt(target, learned), spec.task, spec.seed);
  const rows = Uint32Array.from(drawn, (at) => learned[at]!);
  const said = Float64Array.from(rows, (row) => parentInput(spec.task, parent[row]!));
  return keepRows(deps, { signature, table: tableWithParent(takeRows(table, rows), said) });
}
