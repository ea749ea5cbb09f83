import type { Task } from "../lib/task.ts";

/** What is to be learned, fully decided: made once per training run from the definition and the schema, then only passed on. */
export interface TrainingSpec {
  readonly model: string;
  readonly task: Task;
  readonly target: string;
  /** Output order; binary: [negative, positive]; regression: []. */
  readonly classes: readonly string[];
  readonly columns: readonly FeatureColumn[];
  /** Column of event time; set = the split goes by time. */
  readonly time: string | undefined;
  /** Rows with the same value stay on one side of every split. */
  readonly key: string | undefined;
  readonly split: "time" | "stratified" | "random" | "grouped";
  /** Share of rows in the final test, 0.05..0.5. */
  readonly testShare: number;
  readonly metric: string;
  readonly seed: number;
  readonly budgetMs: number;
  /** What a search beyond the portfolio may spend; absent: only the portfolio races. */
  readonly search?: SearchBudget;
  /** By class, in their order. Absent: every row counts the same. */
  readonly classWeights?: "balanced" | readonly number[];
  /** Binary: probabilities are calibrated on out-of-fold scores, if that helps. */
  readonly calibrate?: boolean;
  /** By column: 1 = the score must not fall as it rises, -1 = not rise. Only trainers that keep this compete. */
  readonly monotone?: Readonly<Record<string, 1 | -1>>;
  /** The folds of a race are dealt so many times; absent: once. Never where they go by time. */
  readonly repeats?: number;
  /** Names of the trainers that compete. */
  readonly trainers: readonly string[];
}

/** Besides the time. */
export interface SearchBudget {
  /** Configurations in all, the portfolio's among them; trivial ones and programs are not counted. */
  readonly trials?: number;
  /** Seconds of fitting, summed over threads. */
  readonly cpuSeconds?: number;
}

export interface FeatureColumn {
  readonly name: string;
  readonly role: "numeric" | "category" | "text" | "time";
}

/** One configuration in the race. `id` is stable: trainer and its place in the portfolio, e.g. `gbdt-2`. */
export interface Candidate {
  readonly id: string;
  readonly trainer: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** Place from simplest (0) to most complex, before anything is fitted. */
  readonly rank: number;
}
