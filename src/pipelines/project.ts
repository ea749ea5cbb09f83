import type { Role } from "../datasets/schema.ts";
import type { AbstainGoal } from "../evaluation/abstention.ts";
import type { CommandTrainer } from "./command-trainer.ts";

/** What a person writes in millwright.config.ts. Everything has a default; the smallest useful project is one dataset and one target. */
export interface ProjectDefinition {
  readonly name?: string;
  /** Time is played back by whoever sends the rows (`asOf`): nothing starts by the clock. */
  readonly replay?: boolean;
  readonly datasets: Readonly<Record<string, DatasetDefinition>>;
  readonly models: Readonly<Record<string, ModelDefinition>>;
  readonly log?: LogDefinition;
}

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
  readonly train?: {
    /** "60s", "10m": when it is used up no further candidate starts. */
    readonly budget?: string;
    /** A metric of evaluation/metrics. */
    readonly metric?: string;
    readonly trainers?: readonly string[];
    /** Programs that train, by name: they compete with the trainers. */
    readonly commands?: Readonly<Record<string, CommandTrainer>>;
    readonly seed?: number;
    readonly split?: "time" | "random" | "grouped";
    /** Share of rows held out for the final test, 0.05..0.5. */
    readonly test?: number;
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
