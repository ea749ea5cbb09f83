import { utf8ToBytes } from "@noble/hashes/utils.js";
import { MillwrightError } from "../errors.ts";
import { crashPoint } from "../lib/crash-point.ts";
import { type Digest, digestOfJson } from "../lib/digest.ts";
import type { Scores, Task } from "../lib/task.ts";
import { valuesAt } from "../lib/values-at.ts";
import type { Signature } from "../onnx/signature.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Blobs } from "../storage/blobs/blobs.ts";
import { type Table, takeRows } from "../table/table.ts";
import { fitCandidate, type Threads } from "../training/candidate.ts";
import type { FitOutcome, FittedFile } from "../training/fit.ts";
import { sampleRows } from "../training/sample-rows.ts";
import { columnNamed, trainingData } from "../training/training-data.ts";
import type { Candidate, TrainingSpec } from "../training/training-spec.ts";
import type { AbstainGoal, AbstainRule } from "./abstention.ts";
import { type AbstentionReport, abstentionReport } from "./abstention-report.ts";
import { abstentionResult } from "./abstention-words.ts";
import { alignScores } from "./align-scores.ts";
import type { Contender, GateContext } from "./gates/gate.ts";
import { metricNamed } from "./metrics/all.ts";
import { type Report, report } from "./report.ts";
import { scoreTable } from "./score-table.ts";
import { type GateChoice, type Verdict, verdict } from "./verdict.ts";

/** What is known of a version before it may answer. Kept as a blob under `ModelVersion.report`. */
export interface Evaluation {
  readonly report: Report;
  readonly verdict: Verdict;
  /** The best trivial model on the same rows, and its value of the primary metric. */
  readonly baseline: { readonly candidate: string; readonly value: number } | undefined;
  /** The champion on the same rows. */
  readonly champion: { readonly name: string; readonly value: number } | undefined;
  readonly testRows: number;
  readonly split: string;
  readonly importance: FitOutcome["importance"];
  /** Whether its probabilities were calibrated, and what that did; absent where nobody asked. */
  readonly calibration?: FitOutcome["calibration"];
  /** What its rule to abstain promises and costs; absent when none was asked for. */
  readonly abstention?: AbstentionReport;
  /** It was fitted elsewhere, on rows that nobody here knows: perhaps on some of the held-out ones. */
  readonly elsewhere?: boolean;
}

type Parity = NonNullable<GateContext["parity"]>;

const CHECKED_ROWS = 500;
/** A trivial model learns nothing from more. */
const BASELINE_ROWS = 200_000;

const firstRows = (rows: number, most: number) =>
  Uint32Array.from({ length: Math.min(rows, most) }, (_, row) => row);

/** A FitOutcome is one. Of an imported model no model in memory was asked. */
interface Judged {
  readonly judged: JudgedFile;
  readonly served: JudgedFile;
  readonly importance: FitOutcome["importance"];
  readonly calibration?: FitOutcome["calibration"];
}

type JudgedFile = Pick<FittedFile, "onnx" | "signature" | "complexity" | "check">;

export interface EvaluateInput {
  readonly spec: TrainingSpec;
  readonly data: Digest;
  readonly fit: Judged;
  readonly candidate: Pick<Candidate, "id">;
  /** Trivial candidates of the race: the best of them on the test rows is the one to beat. */
  readonly baselines: readonly Candidate[];
  readonly champion: {
    readonly name: string;
    readonly onnx: Digest;
    readonly signature: Signature;
    readonly complexity: number;
  } | null;
  /** null = all of them. */
  readonly gates: readonly GateChoice[] | null;
  readonly abstain: AbstainGoal | null;
  /** It was fitted elsewhere, on rows that nobody here knows. */
  readonly elsewhere?: boolean;
}

/** What a verdict on such a model cannot know. */
const ELSEWHERE =
  "It was fitted elsewhere: if the held-out rows were among those it has learned from, all figures are too good.";

export interface EvaluateDeps extends Threads {
  readonly blobs: Blobs;
  readonly runtime: Runtime;
  readonly loadTable: (data: Digest) => Promise<Table>;
}

export interface Evaluated {
  /** Blob of the `Evaluation`. */
  readonly evaluation: Digest;
  readonly verdict: Verdict;
  /** null: it always answers. */
  readonly abstain: AbstainRule | null;
}

/** Judges the stored file, through the serving runtime, on rows nobody has trained on. */
export async function evaluate(deps: EvaluateDeps, input: EvaluateInput): Promise<Evaluated> {
  const { spec } = input;
  const data = trainingData(spec, await deps.loadTable(input.data));
  const table = takeRows(data.table, data.test);
  const target = valuesAt(data.target, data.test);
  const metric = metricNamed(spec.metric, spec.task);
  const { judged: file, served } = input.fit;
  const scores = inItsClasses(spec, file, await scoreStored(deps, file, table));
  // What is served beside it is asked about the checked rows only.
  const checked = () => takeRows(table, firstRows(table.rows, served.check?.rows ?? CHECKED_ROWS));
  const again = served.onnx === file.onnx ? scores : await scoreStored(deps, served, checked());
  const parities = [
    parityOf(spec.task, file.check, scores),
    parityOf(spec.task, served.check, again),
  ];
  const parity = parities.filter((found) => found !== undefined).reduce(worseOf, undefined);
  const champion = await championOn(deps, input, table);
  const name = `${input.data}/${digestOfJson(spec)}/baselines`;
  const some = sampleRows(data.train, BASELINE_ROWS, spec.seed);
  const baselines = input.baselines.map((candidate): Contender => {
    const fitted = fitCandidate(spec, candidate, { ...data, rows: some, name }, deps);
    return { name: candidate.id, scores: fitted.model.predict(fitted.encoder.encode(table)) };
  });
  const metricValue = (contender: Contender) => metric.compute(contender.scores, target);
  const sign = metric.better === "higher" ? 1 : -1;
  const baseline = baselines.sort((a, b) => sign * (metricValue(b) - metricValue(a)))[0];
  const { task, classes, seed } = spec;
  const abstention =
    input.abstain === null
      ? undefined
      : abstentionReport(input.abstain, { task, classes, scores, target }, seed);
  const looked = new Set([...spec.columns.map(({ name }) => name), ...namedByGates(input.gates)]);
  const gated = verdict(
    {
      task: spec.task,
      metric,
      target,
      candidate: { name: input.candidate.id, scores, complexity: file.complexity },
      ...(champion ? { champion } : {}),
      ...(baseline ? { baseline } : {}),
      table: {
        rows: table.rows,
        columns: new Map([...looked].map((name) => [name, columnNamed(table, name)])),
      },
      features: spec.columns.map((column) => column.name),
      ...(parity ? { parity } : {}),
      seed: spec.seed,
    },
    input.gates ?? undefined,
    abstention && [abstentionResult(abstention)],
  );
  const judged: Verdict = input.elsewhere
    ? { ...gated, couldNotHaveSeen: `${ELSEWHERE} ${gated.couldNotHaveSeen}` }
    : gated;
  const found = report({
    ...{ task: spec.task, metric, scores, target, table, seed: spec.seed },
    sliceColumns: spec.columns.filter((c) => c.role !== "text").map((c) => c.name),
    ...(spec.task === "regression" ? {} : { classes: spec.classes }),
  });
  const evaluation: Evaluation = {
    report: found,
    verdict: judged,
    baseline: known(baseline && { candidate: baseline.name, value: metricValue(baseline) }),
    champion: known(champion ? { name: champion.name, value: metricValue(champion) } : undefined),
    testRows: data.test.length,
    split: data.splitReason,
    importance: input.fit.importance,
    ...(input.fit.calibration ? { calibration: input.fit.calibration } : {}),
    ...(abstention === undefined ? {} : { abstention }),
    ...(input.elsewhere ? { elsewhere: true } : {}),
  };
  const kept = await deps.blobs.put(utf8ToBytes(JSON.stringify(evaluation)));
  crashPoint("evaluate:written");
  return { evaluation: kept, verdict: judged, abstain: abstention?.rule ?? null };
}

/** Columns a person wants looked at by their name need not be features: a gate must not pass because it was not given them. */
const namedByGates = (gates: EvaluateInput["gates"]): string[] =>
  (gates ?? []).flatMap(({ params }) =>
    Array.isArray(params.columns) ? params.columns.map(String) : [],
  );

/** The champion on the same rows, in the classes of this training; null when there is none to compare with. */
async function championOn(
  deps: EvaluateDeps,
  { champion, spec }: EvaluateInput,
  table: Table,
): Promise<Contender | null> {
  if (!champion) return null;
  const own = await scoreStored(deps, champion, table);
  const scores = alignScores(own, champion.signature, spec);
  return scores ? { name: champion.name, complexity: champion.complexity, scores } : null;
}

/** An imported model has its own order of classes, and may know others. */
function inItsClasses(spec: TrainingSpec, { signature }: JudgedFile, scores: Scores): Scores {
  const aligned = alignScores(scores, signature, spec);
  if (aligned) return aligned;
  throw new MillwrightError(
    "invalid_model",
    `The model answers ${signature.task} ${signature.target} (${signature.classes.slice(0, 10).join(", ") || "no classes"}), which cannot be compared with ${spec.task} ${spec.target} (${spec.classes.slice(0, 10).join(", ") || "a number"}).`,
  );
}

async function scoreStored(
  deps: EvaluateDeps,
  file: { readonly onnx: Digest; readonly signature: Signature },
  table: Table,
): Promise<Scores> {
  const { signature } = file;
  const session = await deps.runtime.load(await deps.blobs.get(file.onnx));
  try {
    return await scoreTable(session, { signature, table });
  } finally {
    await session.close();
  }
}

/**
 * The model in memory was asked about the first test rows when it was fitted; the stored file must say the same. Differences of
 * numbers are a share of the number or, where that is small, of the usual number: files compute in float32, and a sum of hundreds of
 * leaves that comes out near 0 is off by the rounding of the leaves, not of the sum (bike rentals: 6e-4 of 190).
 */
function parityOf(
  task: Task,
  check: FittedFile["check"] | undefined,
  stored: Scores,
): Parity | undefined {
  if (check === undefined) return undefined;
  const { rows, values } = check;
  const usual = Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / Math.max(1, values.length));
  const unit = task === "regression" && usual > 0 ? usual : 1;
  const maxDifference = values.reduce(
    (most, value, i) =>
      Math.max(most, Math.abs(stored.values[i]! - value) / Math.max(unit, Math.abs(value))),
    0,
  );
  return { maxDifference, rows };
}

/** NaN is the worst. */
const worseOf = (a: Parity | undefined, b: Parity): Parity =>
  a && (a.maxDifference >= b.maxDifference || Number.isNaN(a.maxDifference)) ? a : b;

/** A metric without a value on these rows (AUC of a single class) would be stored as null. */
const known = <T extends { readonly value: number }>(figure: T | undefined): T | undefined =>
  figure && Number.isFinite(figure.value) ? figure : undefined;
