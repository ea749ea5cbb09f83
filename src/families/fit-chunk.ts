import { MillwrightError } from "../errors.ts";
import { scoreTable } from "../evaluation/score-table.ts";
import type { Abort } from "../lib/abort.ts";
import type { Digest } from "../lib/digest.ts";
import type { Signature } from "../onnx/signature.ts";
import type { Sessions } from "../runtime/sessions.ts";
import type { Blobs } from "../storage/blobs/blobs.ts";
import { getJson, putJson } from "../storage/json-blob.ts";
import { type Table, takeRows } from "../table/table.ts";
import { takeDesign } from "../training/encoding/take-design.ts";
import { exportOnnx } from "../training/export-onnx.ts";
import type { Coefficients } from "../training/linear/pooled.ts";
import type { TrainingSpec } from "../training/training-spec.ts";
import {
  type Chunk,
  type ChunkMember,
  type ChunkResult,
  type CrossFitted,
  FALSE_DISCOVERY,
  type LevelTask,
  type MemberModel,
  type MemberResult,
  PARTS,
} from "./family.ts";
import { type Features, type PartedRows, partedRows, rowsWhere, takeParted } from "./features.ts";
import { type FittedMember, fitMember, type MemberFit, type MemberRows } from "./fit-member.ts";
import { keepCoefficients } from "./keep-coefficients.ts";
import { lossesOf, spreadOf } from "./loss.ts";
import { memberName } from "./member-name.ts";
import { parentScores } from "./parent-scores.ts";
import { TEST, textOf } from "./parts.ts";
import { proofOf } from "./proof.ts";
import { readCoefficients } from "./read-coefficients.ts";

export interface FitChunkInput {
  /** Blob of the `LevelTask`. */
  readonly task: Digest;
  /** Blob of the level's chunks, and which of them. */
  readonly chunks: Digest;
  readonly index: number;
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
  const rows = partedRows(spec, await deps.loadTable(chunk.rows));
  const features = await deps.features(spec, task.base);
  const scores = await parentScores(deps, task, rows);
  const smooth = features.smooth.encode(rows.table);
  const tree = features.tree.encode(rows.table);
  const priors = await priorsOf(deps.blobs, task);
  const members: MemberResult[] = [];
  const linear: { readonly name: string; readonly linear: readonly Coefficients[] }[] = [];
  const keepLinear = task.level > 0;
  for (const member of chunk.members) {
    if (deps.signal.aborted) throw new MillwrightError("cancelled", "training stopped: cancelled");
    const { from, to, name } = member;
    const places = Uint32Array.from({ length: to - from }, (_, i) => from + i);
    const own = takeParted(rows, from, to);
    const given: MemberRows = {
      ...{ target: own.target, parts: own.parts, parent: scores.slice(from, to) },
      prior: priors.of(own),
      smooth: { encoder: features.smooth, design: takeDesign(smooth, places) },
      tree: { encoder: features.tree, design: takeDesign(tree, places) },
    };
    const fit = fitMember(spec, given, { ...task, keepLinear });
    if (keepLinear) linear.push({ name, linear: fit.linear });
    members.push(await resultOf(deps, { task, member, own, given, fit }));
    deps.progress(members.length, chunk.members.length);
  }
  const result: ChunkResult = {
    members,
    ...(keepLinear ? { linear: await keepCoefficients(deps.blobs, linear) } : {}),
    seconds: (deps.now() - started) / 1000,
  };
  return putJson(deps.blobs, result);
}

/** What a member's linear models are drawn to: those of the nearest member above it, of most of its rows. */
async function priorsOf(
  blobs: Pick<Blobs, "get">,
  task: LevelTask,
): Promise<{ of(rows: PartedRows): readonly Coefficients[] }> {
  const known = await Promise.all(task.linear.map((models) => readCoefficients(blobs, models)));
  const byName = new Map(known.flatMap((models) => [...models]));
  const top = byName.get(task.spec.model)!;
  return {
    of({ table }) {
      for (let level = task.level + 1; level < task.levels.length; level++) {
        const values = task.levels[level]!.map((name) =>
          mostFrequent(table.rows, textOf(table.columns.get(name)!)),
        );
        if (values.includes("")) continue;
        const found = byName.get(memberName(task.spec.model, level, values));
        if (found) return found;
      }
      return top;
    },
  };
}

function mostFrequent(rows: number, text: (row: number) => string): string {
  const counts = new Map<string, number>();
  for (let row = 0; row < rows; row++) counts.set(text(row), (counts.get(text(row)) ?? 0) + 1);
  return [...counts].reduce((best, next) => (next[1] > best[1] ? next : best))[0];
}

interface Fitted {
  readonly task: LevelTask;
  readonly member: ChunkMember;
  readonly own: PartedRows;
  readonly given: MemberRows;
  readonly fit: MemberFit;
}

async function resultOf(deps: FitChunkDeps, fitted: Fitted): Promise<MemberResult> {
  const { member, own, fit, task } = fitted;
  const test = rowsWhere(own.parts, (part) => part === TEST);
  const found = {
    ...{ name: member.name, level: task.level, values: member.values },
    ...{ rows: own.table.rows - test.length, testRows: test.length },
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
  { task, own, given, fit }: Fitted,
  whole: FittedMember,
  test: Uint32Array,
): Promise<Pick<MemberResult, "p" | "loss" | "model">> {
  const { spec } = task;
  const write = async (model: FittedMember) => {
    const { onnx } = exportOnnx(spec, model);
    return { onnx: await deps.blobs.put(onnx), bytes: onnx.length };
  };
  const judged = await write(whole);
  const table = takeRows(own.table, test);
  const { values } = await deps.sessions.use(judged.onnx, ({ session, about }) =>
    scoreTable(session, { signature: about, table }),
  );
  deps.sessions.drop(judged.onnx);
  const target = Float64Array.from(test, (row) => own.target[row]!);
  const losses = lossesOf(spec.task, values, target);
  const before = lossesOf(
    spec.task,
    Float64Array.from(test, (row) => given.parent[row]!),
    target,
  );
  const served = task.refit ? await write(fit.everything()) : judged;
  let cross: CrossFitted | undefined;
  if (task.level > 0) {
    const parts: Digest[] = [];
    for (let part = 0; part < PARTS; part++) parts.push((await write(fit.withoutPart(part))).onnx);
    cross = { parts, whole: judged.onnx };
  }
  const model: MemberModel = { ...served, ...(cross ? { cross } : {}) };
  return { p: proofOf(spec.task, before, losses).p, loss: spreadOf(losses).mean, model };
}
