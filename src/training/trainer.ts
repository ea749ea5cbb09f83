import type { z } from "zod";
import type { OpenTeam } from "../engine/compute.ts";
import type { Abort } from "../lib/abort.ts";
import type { Json } from "../lib/json.ts";
import type { Scores, Target, Task } from "../lib/task.ts";
import type { Graph } from "../onnx/graph.ts";
import type { Design, EmittedDesign, EncodingStyle } from "./encoding/encoding.ts";
import type { SearchSpace } from "./search/space.ts";

/**
 * One learning algorithm. To add one: a file in `trainers/`, a line in `trainers/all.ts`, and the contract suite
 * `src/testing/trainer-contract.ts` in its test. Must be deterministic: same design, target, params and seed give the same
 * bytes, whatever the number of threads.
 */
export interface Trainer<P = unknown> {
  /** Short and stable, e.g. `gbdt`; stored with every version. */
  readonly name: string;
  readonly title: string;
  readonly style: EncodingStyle;
  readonly tasks: readonly Task[];
  readonly params: z.ZodType<P>;
  /** It keeps `FitInput.monotone` (of `DataShape.monotone`, all of its portfolio does). */
  readonly monotone?: true;
  /** Good starting configurations for data of this shape, simplest and cheapest first. */
  portfolio(shape: DataShape): readonly P[];
  /** What a search may change beyond the portfolio; absent: nothing. */
  space?(shape: DataShape): SearchSpace<P>;
  fit(input: FitInput<P>): FittedModel;
}

export interface DataShape {
  readonly task: Task;
  readonly rows: number;
  readonly width: number;
  /** Output width: 1 for binary and regression, number of classes for multiclass. */
  readonly outputs: number;
  readonly bagFeatures: number;
  /** Some columns are to be monotone. */
  readonly monotone?: boolean;
}

export interface FitInput<P> {
  readonly design: Design;
  /** No NaN. */
  readonly target: Target;
  readonly weights?: Float64Array;
  /** By dense column: the score must not fall (1) or rise (-1) with it, others the same. */
  readonly monotone?: Readonly<Record<string, 1 | -1>>;
  readonly task: Task;
  /** Number of classes for multiclass (2 for binary, 0 for regression). */
  readonly classes: number;
  readonly params: P;
  readonly seed: number;
  /** Held-out rows for early stopping; trainers that need some and get none hold out a seeded part of their own. */
  readonly validation?: { readonly design: Design; readonly target: Target };
  /** Threads to use; 1 when absent. The result does not depend on it. */
  readonly threads?: number;
  readonly openTeam?: OpenTeam;
  readonly signal?: Abort;
  readonly onProgress?: (fraction: number) => void;
}

export interface FittedModel {
  /** Number of free numbers (coefficients, leaves): orders models for the one-standard-error rule. */
  readonly complexity: number;
  /** What a person wants to know of the fit: rounds used, converged, coefficients... small JSON. */
  readonly summary: Json;
  predict(design: Design): Scores;
  /** Adds the model's nodes; returns the name of a float32 tensor: [N,2] for binary (negative, positive), [N,K] multiclass, [N,1] regression. */
  emit(graph: Graph, input: EmittedDesign): string;
  /** Importance per dense column and per bag (gain, |coefficient| x scale ...), by name, not negative, summing to 1. */
  importance(design: Design): ReadonlyMap<string, number>;
}
