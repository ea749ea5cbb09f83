import type { z } from "zod";
import type { Json } from "../../lib/json.ts";
import type { Scores, Target, Task } from "../../lib/task.ts";
import type { Table } from "../../table/table.ts";
import type { Metric } from "../metrics/metric.ts";

/**
 * One condition a candidate must meet before it may answer for a model. To add one: a file here and a line in `all.ts`.
 * A gate judges on intervals, not on points, and says in words with numbers what it saw. A gate that cannot judge (no champion yet,
 * too few rows) says so: it passes when nothing can be wrong, warns when something could be.
 */
export interface Gate<P = unknown> {
  readonly name: string;
  /** One sentence: what must hold. */
  readonly description: string;
  readonly params: z.ZodType<P>;
  judge(context: GateContext, params: P): GateJudgement;
}

/** Everything about one candidate, on the same held-out rows for all models. */
export interface GateContext {
  readonly task: Task;
  /** What models are chosen by. */
  readonly metric: Metric;
  /** No NaN. */
  readonly target: Target;
  readonly candidate: Contender;
  readonly champion?: Contender;
  readonly baseline?: Contender;
  /** The raw columns of the same rows: slices, leaks. */
  readonly table?: Table;
  /** The columns the candidate reads; all of the table's when absent. */
  readonly features?: readonly string[];
  /** Stored ONNX through the serving runtime against the model in memory: largest |stored - memory| / max(1, |memory|) of any output. */
  readonly parity?: { readonly maxDifference: number; readonly rows: number };
  readonly seed: number;
}

export interface Contender {
  /** For people: "version 7", "gbdt", "most frequent class". */
  readonly name: string;
  readonly scores: Scores;
  /** Free numbers of the model. */
  readonly complexity?: number;
  /** Milliseconds to answer one row, 99th percentile. */
  readonly latencyMs?: number;
}

interface GateJudgement {
  readonly outcome: "pass" | "warn" | "fail";
  /** What was seen, with numbers, and on failure what to do. */
  readonly reason: string;
  /** The smallest true drop this gate would have noticed in 4 of 5 cases, in the metric's unit; absent where it makes no sense. */
  readonly detectable?: number;
  readonly detail: Json;
}

export interface GateResult extends GateJudgement {
  readonly gate: string;
  /** outcome is not "fail". */
  readonly pass: boolean;
}
