import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { IncidentShape, MetricShape, RunSummaryShape, SeriesShape } from "./shapes.ts";

const VersionRef = z.object({
  number: z.number(),
  id: z.string(),
  trainer: z.string(),
  createdAt: z.number(),
  /** The metric the model is chosen by, on the final test rows. */
  metric: MetricShape.nullable(),
});

const ModelSummary = z.object({
  name: z.string(),
  task: z.enum(["binary", "multiclass", "regression", "tensors"]).nullable(),
  target: z.string().nullable(),
  versions: z.number(),
  champion: VersionRef.nullable(),
  challenger: VersionRef.nullable(),
  /** How its requests are divided, in words; null: the champion answers everything. */
  split: z.string().nullable(),
  openIncidents: z.array(IncidentShape),
  lastRun: RunSummaryShape.nullable(),
  /** The monitored performance, or what stands in for it while labels are missing; null before the first window. */
  monitored: SeriesShape.nullable(),
});

/** Why a version may, or may not, become champion. */
const Verdict = z.object({
  pass: z.boolean(),
  /** One sentence. */
  summary: z.string(),
  gates: z.array(
    z.object({
      gate: z.string(),
      outcome: z.enum(["pass", "warn", "fail"]),
      /** What was seen, with numbers, and on failure what to do. */
      reason: z.string(),
    }),
  ),
  /** What the held-out rows could not have shown. */
  unseen: z.string().nullable(),
});

const Version = VersionRef.extend({
  aliases: z.array(z.enum(["champion", "challenger"])),
  metrics: z.array(MetricShape),
  verdict: Verdict.nullable(),
  /** null: it was imported; see `origin`. */
  dataset: z.string().nullable(),
  code: z.string().nullable(),
  onnx: z.string(),
  parent: z.number().nullable(),
  seed: z.number(),
  params: z.record(z.string(), z.unknown()),
  environment: z.object({ node: z.string(), millwright: z.string(), runtime: z.string() }),
  runId: z.string().nullable(),
  /** When it says nothing rather than something uncertain; null: it always answers. */
  abstain: z
    .object({
      kind: z.enum(["precision", "conformal"]),
      /** So much of what it says is right, or so often the truth is in what it leaves open: 0..1. */
      promise: z.number(),
      /** Of the held-out rows it answered, 0..1; null when that was not kept. */
      answered: z.number().nullable(),
      /** What it promises and costs; null when that was not kept. */
      words: z.string().nullable(),
    })
    .nullable(),
  /** Rows of its training data are kept with it, to explain answers against. */
  background: z.boolean(),
  /** Of an imported model: the file it came from. */
  origin: z
    .object({
      file: z.string(),
      sha256: z.string(),
      producer: z.string(),
      opsets: z.record(z.string(), z.number()),
      notes: z.array(z.string()),
    })
    .nullable(),
});

const Standing = z.object({
  candidate: z.string(),
  trainer: z.string(),
  params: z.record(z.string(), z.unknown()),
  state: z.enum(["racing", "finished", "dropped", "failed", "not tried"]),
  /** Mean over folds and its 95 % interval; null before the first fold. */
  metric: MetricShape.nullable(),
  folds: z.number(),
  seconds: z.number(),
  /** Number of free numbers. */
  complexity: z.number(),
  error: z.string().nullable(),
  winner: z.boolean(),
});

const Leaderboard = z.object({
  version: z.number(),
  metric: z.string(),
  better: z.enum(["higher", "lower"]),
  /** Why the winner was chosen, in one sentence. */
  reason: z.string(),
  folds: z.number(),
  /** Rows the candidates were trained on, and rows kept back for the final test. */
  trainedRows: z.number(),
  testRows: z.number(),
  /** Candidates that were not started because the budget was used up. */
  notTried: z.number(),
  /** What else is to be said of the race, in sentences: search, luck of the choice, calibration. */
  notes: z.array(z.object({ about: z.string(), words: z.string() })),
  /** Best first. */
  standings: z.array(Standing),
});

const ReportSummary = z.object({
  version: z.number(),
  /** How the rows were split and why, in one sentence; null when it was not kept. */
  split: z.string().nullable(),
  /** Held-out rows with a known target. */
  rows: z.number(),
  /** Name of the metric the model is chosen by. */
  primary: z.string(),
  metrics: z.array(MetricShape),
  /** The best trivial model and the champion of that time on the same rows, by the primary metric. */
  baseline: z.object({ name: z.string(), value: z.number() }).nullable(),
  champion: z.object({ name: z.string(), value: z.number() }).nullable(),
  /** Against all other rows; the worst first. */
  slices: z.array(
    z.object({
      column: z.string(),
      value: z.string(),
      rows: z.number(),
      metric: MetricShape,
      rest: z.number(),
      /** Significantly worse than the rest, corrected for looking at many slices. */
      worse: z.boolean(),
    }),
  ),
  /** Binary: what was promised and what happened, by tenths of the probability. */
  calibration: z.array(
    z.object({
      from: z.number(),
      to: z.number(),
      rows: z.number(),
      predicted: z.number(),
      observed: z.number(),
    }),
  ),
  confusion: z
    .object({
      classes: z.array(z.string()),
      /** counts[truth][said] */
      counts: z.array(z.array(z.number())),
    })
    .nullable(),
});

const AliasMoveShape = z.object({
  alias: z.enum(["champion", "challenger"]),
  version: z.number().nullable(),
  previous: z.number().nullable(),
  reason: z.string(),
  verdict: Verdict.nullable(),
  runId: z.string().nullable(),
  at: z.number(),
});

/** A challenger answering the same rows as the champion, unseen by callers. */
const Shadow = z.object({
  challenger: z.number(),
  since: z.number().nullable(),
  /** Rows that both answered and whose truth is known. */
  pairs: z.number(),
  needed: z.number(),
  /** Evidence so far that the challenger is better; 20 decides. */
  eValue: z.number().nullable(),
  /** What was decided or is awaited, in words. */
  text: z.string(),
});

const ModelDetail = ModelSummary.extend({
  dataset: z.string().nullable(),
  /** Newest first. */
  history: z.array(Version),
  moves: z.array(AliasMoveShape),
  leaderboard: Leaderboard.nullable(),
  report: ReportSummary.nullable(),
  route: z
    .object({ champion: z.number(), shadow: z.number().nullable(), revision: z.number() })
    .nullable(),
  shadow: Shadow.nullable(),
  /** The version a rollback would make champion; null when there is none before. */
  rollbackTo: z.number().nullable(),
  runs: z.array(RunSummaryShape),
});

const Name = z.object({ model: z.string().min(1).max(100) });
const Started = z.object({ runId: z.string() });
const Moved = z.object({
  model: z.string(),
  champion: z.number().nullable(),
  previous: z.number().nullable(),
  reason: z.string(),
});

export const models = {
  models: endpoint({
    method: "GET",
    path: "/api/models",
    summary: "Every model with its champion, challenger, open incidents and last run.",
    input: z.object({}),
    output: z.object({ models: z.array(ModelSummary) }),
  }),
  model: endpoint({
    method: "GET",
    path: "/api/models/{model}",
    summary:
      "One model: versions, verdicts, alias history, leaderboard, report, route and shadow state.",
    input: Name,
    output: ModelDetail,
  }),
  train: endpoint({
    method: "POST",
    path: "/api/models/{model}/train",
    summary: "Starts a training run, or answers with the one already under way.",
    input: Name.extend({
      /** Also when the same code, data and settings have been trained before; else that run's version stands. */
      again: z.boolean().optional(),
    }),
    output: Started,
  }),
  importModel: endpoint({
    method: "POST",
    path: "/api/models/{model}/import",
    summary:
      "Makes an ONNX file a version of the model; it answers where the model has no champion yet, or for a stated reason.",
    input: Name.extend({
      /** Name of the file, for the record. */
      file: z.string().min(1).max(200),
      /** Its bytes in base64, at most 11 MB of them. Weights in other files: from the command line only. */
      onnx: z.base64(),
      columns: z.array(z.string().min(1)).optional(),
      task: z.enum(["binary", "multiclass", "regression", "tensors"]).optional(),
      classes: z.array(z.string()).optional(),
      positive: z.string().optional(),
      target: z.string().optional(),
      /** `first` (when left out): only where the model has no champion; `always` needs a reason. */
      promote: z.enum(["first", "always", "never"]).default("first"),
      reason: z.string().max(500).optional(),
    }),
    output: z.object({
      model: z.string(),
      number: z.number(),
      id: z.string(),
      promoted: z.boolean(),
      /** What was changed or assumed, in words. */
      notes: z.array(z.string()),
    }),
  }),
  promote: endpoint({
    method: "POST",
    path: "/api/models/{model}/promote",
    summary:
      "Makes a version champion if its gates allow it; else 409 `gate_failed` with the reasons.",
    input: Name.extend({
      /** Number, alias or the beginning of a digest. */
      version: z.string().min(1).max(80),
      /** Kept with the move. */
      reason: z.string().max(500).optional(),
    }),
    output: Moved,
  }),
  rollback: endpoint({
    method: "POST",
    path: "/api/models/{model}/rollback",
    summary: "Makes the previous champion answer again.",
    input: Name.extend({ reason: z.string().max(500).optional() }),
    output: Moved,
  }),
};

export type ModelSummary = z.output<typeof ModelSummary>;
export type ModelDetail = z.output<typeof ModelDetail>;
export type VersionDetail = z.output<typeof Version>;
export type Verdict = z.output<typeof Verdict>;
export type Leaderboard = z.output<typeof Leaderboard>;
export type ReportSummary = z.output<typeof ReportSummary>;
export type AliasMoveView = z.output<typeof AliasMoveShape>;
export type Shadow = z.output<typeof Shadow>;
