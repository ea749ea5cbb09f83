import type { Role } from "../datasets/schema.ts";
import type { AbstainGoal } from "../evaluation/abstention.ts";
import type { CommandTrainer } from "./command-trainer.ts";
import type { PipelineDefinition } from "./pipeline.ts";

/** What a person writes in millwright.config.ts. Everything has a default; the smallest useful project is one dataset and one target. */
export interface ProjectDefinition {
  readonly name?: string;
  /** Time is played back by whoever sends the rows (`asOf`): nothing starts by the clock. */
  readonly replay?: boolean;
  readonly datasets: Readonly<Record<string, DatasetDefinition>>;
  readonly models: Readonly<Record<string, ModelDefinition>>;
  /** What the declaration does not cover: `pipelines: { nightly }`. */
  readonly pipelines?: Readonly<Record<string, PipelineDefinition>>;
  readonly log?: LogDefinition;
  /** Limits of queues, by name. A queue needs no entry to be used. */
  readonly queues?: Readonly<Record<string, QueueDefinition>>;
  /** What an hour of one processor core costs, in the currency that budgets are written in. */
  readonly prices?: { readonly cpuHour: number };
}

export interface QueueDefinition {
  /** Runs at once, of all workers together. */
  readonly concurrency?: number;
  /** Runs at once in one worker. */
  readonly perWorker?: number;
  /** Starts in a time: "100/minute", "10/s", "20/15m". */
  readonly rate?: string;
}

/** Where the runs that train a model wait for a worker, and which ones will do. */
export interface PlacingDefinition {
  /** `default` when left out. */
  readonly queue?: string;
  /** -100 … 100, higher ones first; 0 when left out. */
  readonly priority?: number;
  /** Only a worker that has this much free takes them. */
  readonly needs?: {
    /** Cores. */
    readonly cpu?: number;
    /** "4GiB". */
    readonly memory?: string;
    readonly gpu?: number;
  };
}

/**
 * "60s", "10m": time on the wall. `trials`: so many configurations, however long that takes. `cost`: fitting for so much money, at
 * `prices.cpuHour`.
 */
export type Budget = string | { readonly trials: number } | { readonly cost: number };

/** The prediction log. */
export interface LogDefinition {
  /** "400d": older predictions are deleted, with their feedback. "forever" when left out. */
  readonly keep?: `${number}${"d" | "h"}` | "forever";
}

export interface DatasetDefinition {
  /** Path or glob, relative to the project: csv, tsv, jsonl, parquet, each also .gz (parquet not). */
  readonly source: string;
  /** Column that names the row (an entity never changes side of a split). */
  readonly key?: string;
  /** Column that says when the row happened: the split goes by time. */
  readonly time?: string;
  /** Column names when the file has no header line. */
  readonly header?: readonly string[];
  /** What to do with rows that cannot be read or miss their target. */
  readonly onBadRows?: "quarantine" | "block";
}

/** `numeric()`, `category()`, `text()`, `time()`, `ignore()`: what a column is, where inference should not decide. */
export interface FeatureDefinition {
  readonly role: Role;
}

export interface ModelDefinition {
  readonly dataset: string;
  readonly target: string;
  /** Binary: the class whose probability is reported; the rarer class when left out. */
  readonly positive?: string;
  /** Columns to use: a list of names, or roles by name (others are inferred). `ignore()` leaves one out. */
  readonly features?: Readonly<Record<string, FeatureDefinition>>;
  /** Use only the columns named in `features`. */
  readonly onlyListed?: boolean;
  readonly train?: PlacingDefinition & {
    /** What the search for a good configuration may spend. Left out: the portfolio races, for 60 s at most. */
    readonly budget?: Budget;
    /** A metric of evaluation/metrics. */
    readonly metric?: string;
    readonly trainers?: readonly string[];
    /** Programs that train, by name: they compete with the trainers. */
    readonly commands?: Readonly<Record<string, CommandTrainer>>;
    readonly seed?: number;
    readonly split?: "time" | "random" | "grouped";
    /** Share of rows held out for the final test, 0.05..0.5. */
    readonly test?: number;
    /** How much a row of each class counts; "balanced": every class the same in all. Classes that are not named: 1. */
    readonly classWeights?: "balanced" | Readonly<Record<string, number>>;
    /** Binary: calibrate probabilities on out-of-fold scores, if that lowers the log loss. */
    readonly calibrate?: boolean;
    /** Numeric columns that the score must not fall, or not rise, with. Only linear models and boosting keep this, so only they compete. */
    readonly monotone?: Readonly<Record<string, "increasing" | "decreasing">>;
  };
  /** Models of its own for each of many members (customers, shops, machines), where they prove to be better. */
  readonly family?: FamilyDefinition;
  readonly gates?: readonly GateDefinition[];
  /**
   * When to say nothing rather than something uncertain. `precision`: what is said of a class is right so often (classes).
   * `coverage`: a set of classes, or an interval, that holds the truth so often; `perClass`: within every class.
   */
  readonly abstain?: AbstainGoal;
  readonly deploy?: {
    readonly shadow?: { readonly minLabels?: number; readonly maxLabels?: number } | false;
    /** Percentages of the requests a version climbs before it is champion: [1, 5, 25, 50, 100]. */
    readonly canary?:
      | readonly number[]
      | { readonly steps?: readonly number[]; readonly minRows?: number }
      | false;
  };
  readonly retrain?: {
    readonly every?: "day" | "week" | "month" | `${number}h` | `${number}d`;
    readonly onCodeChange?: boolean;
    readonly onDrift?: boolean;
    readonly onLabels?: number;
  };
  readonly monitor?: { readonly window?: "hour" | "day" | "week" };
  /** Where it differs from the project's. */
  readonly log?: LogDefinition;
  /** The riskiest rows go to people: to whom, and how many they can look at: "40/hour", "500/day". */
  readonly forward?: { readonly to: string; readonly capacity: string };
}

/** `family({ by: "tenant", parents: [["industry", "region"], ["industry"]] })` */
export interface FamilyDefinition {
  /** The columns whose values name a member. */
  readonly by: string | readonly string[];
  /** Who stands in for a member, nearest first, by its columns. The model itself is the last one; `[]` may say so. */
  readonly parents?: readonly (readonly string[])[];
  /** What a member needs for a model of its own; see `Enough` of src/families/family.ts. */
  readonly enough?: {
    readonly rows?: number;
    readonly perClass?: number;
    readonly shrink?: number;
    readonly test?: number;
  };
  /** Trainers that members try; those of the model when left out. */
  readonly trainers?: readonly string[];
  /** false: every member with rows enough has a model of its own, shown to be better than its parent or not. */
  readonly proof?: boolean;
  /** false: no models drawn to the parent's, only a member's own. */
  readonly pooling?: boolean;
}

/** `beatsBaseline()`, `beatsChampion()`, `noSliceWorse("column")`: a gate of evaluation/gates with its parameters. */
export interface GateDefinition {
  readonly gate: string;
  readonly params: Readonly<Record<string, unknown>>;
}
