import type { Role } from "./datasets/schema.ts";
import type {
  FamilyDefinition,
  FeatureDefinition,
  GateDefinition,
  ProjectDefinition,
} from "./pipelines/project.ts";

/** Types and checks a project; returns it unchanged. The default export of millwright.config.ts. */
export const defineProject = (project: ProjectDefinition): ProjectDefinition => project;

const feature = (role: Role) => (): FeatureDefinition => ({ role });

/** A number: used as it is (trees) or imputed and standardised (linear models, networks). */
export const numeric = feature("numeric");
/** One of a set of values. */
export const category = feature("category");
/** Free text: words and characters are counted. */
export const text = feature("text");
/** A moment: hour, weekday, month and the like become features. */
export const time = feature("time");
/** Left out of the model. */
export const ignore = feature("ignore");

/** Any gate by its name, with its parameters. */
export const gate = (
  name: string,
  params: Readonly<Record<string, unknown>> = {},
): GateDefinition => ({ gate: name, params });

/** One definition, a model for each of its members: those named by the columns `by`, under `parents` that stand in for them. */
export const family = (definition: FamilyDefinition): FamilyDefinition => definition;

const named =
  (name: string) =>
  (params: Readonly<Record<string, unknown>> = {}): GateDefinition => ({ gate: name, params });

/** Better than the best trivial model, lower 95 % bound of the improvement above zero. */
export const beatsBaseline = named("beats_baseline");
/** Better than the champion on the same rows (paired bootstrap), or not worse by more than `margin` and simpler. */
export const beatsChampion = named("beats_champion");
/** Expected calibration error at most `max` (0.05). */
export const calibrated = named("calibrated");
/** No value of the columns (all of them when none is named) with 30 rows or more is significantly worse than under the champion. */
export const noSliceWorse = (...columns: string[]): GateDefinition =>
  gate("no_slice_worse", columns.length === 0 ? {} : { columns });
/** No single column tells the answer by itself; `accept` names those a person has looked at. */
export const noLeak = (params: { readonly accept?: readonly string[] } = {}): GateDefinition =>
  gate("no_leak", params);

export type { CommandTrainer } from "./pipelines/command-trainer.ts";
export {
  type PipelineDefinition,
  type PipelineRun,
  pipeline,
  type StepTools,
} from "./pipelines/pipeline.ts";
export type {
  DatasetDefinition,
  FamilyDefinition,
  FeatureDefinition,
  GateDefinition,
  ModelDefinition,
  ProjectDefinition,
} from "./pipelines/project.ts";
export { kubernetes, process, ray } from "./pipelines/remote-run.ts";
export { importModel, predict, score, train } from "./pipelines/works.ts";
