/** The entry of compute threads: the tasks that burn CPU, by name. Runs in worker threads only. */
import type { ComputeContext } from "./engine/compute.ts";
import { serveCompute } from "./engine/executors/serve.ts";
import { latest } from "./engine/latest.ts";
import { type EvaluateInput, evaluate } from "./evaluation/evaluate.ts";
import { type TryInput, tryCandidate } from "./evaluation/try-candidate.ts";
import { type TryFileInput, tryFile } from "./evaluation/try-file.ts";
import { type WeighInput, weighColumns } from "./evaluation/weigh-columns.ts";
import type { Explainer } from "./explanation/explainer.ts";
import { type BackgroundInput, keepBackground } from "./explanation/keep-background.ts";
import { loadExplainer } from "./explanation/load-explainer.ts";
import { type DivideInput, divide } from "./families/divide.ts";
import { type Features, featuresOf, partedRows } from "./families/features.ts";
import { type FitChunkInput, fitChunk } from "./families/fit-chunk.ts";
import { type FitSharedInput, fitShared } from "./families/fit-shared.ts";
import { type Digest, digestOfJson } from "./lib/digest.ts";
import { type ExamineInput, examineWindow } from "./monitoring/examine-window.ts";
import { makeReference, type ReferenceInput } from "./monitoring/make-reference.ts";
import type { ModelReference } from "./monitoring/model-reference.ts";
import type { CalibrationCache } from "./monitoring/window-drift.ts";
import type { Signature } from "./onnx/signature.ts";
import { onnxRuntime } from "./runtime/onnxruntime.ts";
import { sessionMemory } from "./runtime/session-memory.ts";
import { type Sessions, sessions } from "./runtime/sessions.ts";
import type { PinnedMember } from "./scoring/pinned-family.ts";
import { reasonsFor } from "./scoring/reasons-for.ts";
import { type ScorePartDeps, type ScorePartInput, scorePart } from "./scoring/score-part.ts";
import { explainedBy } from "./serving/explain.ts";
import { loadModel } from "./serving/load-model.ts";
import { type BlobHost, openBlobs } from "./storage/blobs/all.ts";
import type { Blobs } from "./storage/blobs/blobs.ts";
import type { Columns } from "./storage/columns/columns.ts";
import { duckdbColumns } from "./storage/columns/duckdb.ts";
import { getJson } from "./storage/json-blob.ts";
import type { Table } from "./table/table.ts";
import type { Threads } from "./training/candidate.ts";
import { fit } from "./training/fit.ts";
import type { TrainingSpec } from "./training/training-spec.ts";
import { gbdtMember } from "./training/trees/boost-member.ts";
import { forestMember } from "./training/trees/forest-member.ts";
import { type WriteRowsInput, writeRows } from "./training/write-rows.ts";

/** Where this thread finds its data; added to every input by app.ts. */
export interface ComputeHost {
  readonly blobUrl: string;
  readonly blobHost: BlobHost;
  readonly scratch: string;
  /** Threads one task may use when it has the machine to itself. */
  readonly threads: number;
}

interface Parts {
  readonly blobs: Blobs;
  readonly columns: Columns;
  loadTable(data: Digest): Promise<Table>;
  readonly sessions: Sessions<Signature>;
  readonly explainers: Sessions<Explainer>;
  /** The last family's: all parts of a batch need the same. */
  members(pinned: Digest): Promise<ReadonlyMap<string, PinnedMember>>;
}

/** Opened by the first task. The last table stays in memory: all candidates of a race read the same one. */
async function open(host: ComputeHost): Promise<Parts> {
  const blobs = openBlobs(host.blobUrl, host.blobHost);
  const columns = await duckdbColumns({ scratch: host.scratch });
  return {
    blobs,
    columns,
    explainers: sessions(async (key) =>
      loadExplainer({ blobs, runtime: await onnxRuntime() }, explainedBy(key)),
    ),
    sessions: sessions(async (onnx) => {
      const model = await loadModel({ blobs, runtime: await onnxRuntime() }, onnx);
      return { ...model, bytes: sessionMemory(model.bytes) };
    }),
    members: latest(async (pinned: Digest) => {
      const members = await getJson<readonly PinnedMember[]>(blobs, pinned);
      return new Map(members.map((member) => [member.model, member]));
    }),
    loadTable: latest(async (data: Digest) => columns.readTable(await blobs.localPath(data))),
  };
}

const opened = latest((key: string) => open(JSON.parse(key) as ComputeHost));
const parts = (host: ComputeHost): Promise<Parts> => opened(JSON.stringify(host));

/** Thresholds of the versions looked at last. */
const kept = new Map<Digest, CalibrationCache>();
function calibrations(reference: Digest): CalibrationCache {
  const cache = kept.get(reference) ?? new Map();
  kept.set(reference, cache);
  if (kept.size > 100) kept.delete(kept.keys().next().value!);
  return cache;
}

/**
 * Of the training that is under way: its rows and folds, and the encodings fold by fold (two styles, fitted and held out). Keys begin with
 * dataset and spec; those of another training make room. Few rows have many folds (fifteen), many rows few.
 */
const encodings = new Map<string, unknown>();
const MOST_ENCODINGS = 62;
let training = "";
function remember<T>(key: string, make: () => T): T {
  const owner = key.split("/", 2).join("/");
  if (owner !== training) encodings.clear();
  training = owner;
  if (encodings.has(key)) return encodings.get(key) as T;
  const made = make();
  encodings.set(key, made);
  if (encodings.size > MOST_ENCODINGS) encodings.delete(encodings.keys().next().value!);
  return made;
}

/** A thread works on the chunks of one family after the other. */
let learned: { readonly key: string; readonly made: Promise<Features> } | undefined;
const familyFeatures =
  (loadTable: Parts["loadTable"]) =>
  (spec: TrainingSpec, base: Digest): Promise<Features> => {
    const key = `${digestOfJson(spec)}/${base}`;
    const learn = async () => featuresOf(spec, partedRows(spec, await loadTable(base)));
    if (learned?.key !== key) learned = { key, made: learn() };
    return learned.made;
  };

const now = () => performance.now();
const alone = (context: ComputeContext): Threads => ({
  threads: 1,
  openTeam: undefined,
  signal: context.signal,
});
const together = (context: ComputeContext, host: ComputeHost): Threads => ({
  threads: host.threads,
  openTeam: context.openTeam,
  signal: context.signal,
});

interface Task<I> {
  readonly host: ComputeHost;
  readonly input: I;
}

serveCompute({
  tasks: {
    // Candidates run side by side, so each has one thread.
    try: async (context, { host, input }: Task<TryInput>) =>
      tryCandidate({ ...(await parts(host)), ...alone(context), remember, now }, input),
    fit: async (context, { host, input }: Task<Parameters<typeof fit>[1]>) =>
      fit({ ...(await parts(host)), ...together(context, host), now }, input),
    rows: async (_, { host, input }: Task<WriteRowsInput>) => writeRows(await parts(host), input),
    "try file": async (_, { host, input }: Task<TryFileInput>) =>
      tryFile({ ...(await parts(host)), runtime: await onnxRuntime() }, input),
    evaluate: async (context, { host, input }: Task<EvaluateInput>) =>
      evaluate(
        { ...(await parts(host)), ...alone(context), remember, runtime: await onnxRuntime() },
        input,
      ),
    "family: divide": async (_, { host, input }: Task<DivideInput>) =>
      divide(await parts(host), input),
    "family: shared": async (context, { host, input }: Task<FitSharedInput>) =>
      fitShared({ ...(await parts(host)), ...alone(context) }, input),
    "family: chunk": async (context, { host, input }: Task<FitChunkInput>) => {
      const opened = await parts(host);
      const features = familyFeatures(opened.loadTable);
      const progress = (done: number, of: number) =>
        context.progress(`${done} of ${of} members`, done / of);
      return fitChunk({ ...opened, features, now, signal: context.signal, progress }, input);
    },
    weigh: async (_, { host, input }: Task<WeighInput>) =>
      weighColumns({ ...(await parts(host)), runtime: await onnxRuntime() }, input),
    reference: async (_, { host, input }: Task<ReferenceInput>) =>
      makeReference({ ...(await parts(host)), runtime: await onnxRuntime() }, input),
    background: async (_, { host, input }: Task<BackgroundInput>) =>
      keepBackground(await parts(host), input),
    examine: async (_, { host, input }: Task<ExamineInput>) => {
      const { blobs } = await parts(host);
      const loadReference = async (digest: Digest): Promise<ModelReference> =>
        JSON.parse(Buffer.from(await blobs.get(digest)).toString("utf8"));
      return examineWindow({ loadReference, calibrations }, input);
    },
    score: async (context, { host, input }: Task<ScorePartInput>) => {
      const opened = await parts(host);
      const progress = (rows: number) => context.progress(String(rows));
      const explain: ScorePartDeps["explain"] = (version, rows) =>
        reasonsFor(opened, { version, ...rows });
      return scorePart({ ...opened, signal: context.signal, progress, explain }, input);
    },
  },
  members: { gbdt: gbdtMember, forest: forestMember },
});
