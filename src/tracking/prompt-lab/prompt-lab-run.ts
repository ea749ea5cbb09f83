import type { Param } from "../runs/tracked-run.ts";

/** A prompt that somebody tried out on a model, in MLflow's pages. */
export interface PromptLabRun {
  readonly template: string;
  /** What was put into the template. */
  readonly promptParams: readonly Param[];
  /** Name of the model's endpoint. */
  readonly model: string;
  readonly modelParams: readonly Param[];
  readonly input: string;
  readonly output: string;
  /** What the model said beside its answer: latency, tokens. */
  readonly outputParams: readonly Param[];
  /** Of the client's MLflow. */
  readonly mlflowVersion: string;
}

export const TABLE = "eval_results_table.json";

/** What was asked and answered, as a table with one row: MLflow's pages show it. */
export function resultTable(run: PromptLabRun): string {
  const cells: Param[] = [
    ...run.promptParams,
    { key: "prompt", value: run.input },
    { key: "output", value: run.output },
    ...run.outputParams,
  ];
  return JSON.stringify({
    columns: cells.map(({ key }) => key),
    data: [cells.map(({ value }) => value)],
  });
}

/** Files of a model that asks the endpoint again, by path below the run's artifacts. JSON is YAML. */
export function modelFiles(
  run: PromptLabRun,
  { id, createdAt }: { readonly id: string; readonly createdAt: number },
): Readonly<Record<string, string>> {
  const column = (name: string) => ({ type: "string", name, required: true });
  const model = {
    ...{ artifact_path: "model", run_id: id },
    utc_time_created: new Date(createdAt).toISOString().replace("T", " ").slice(0, -1),
    flavors: {
      python_function: {
        loader_module: "mlflow.prompt.promptlab_model",
        parameters_path: "parameters.yaml",
      },
    },
    signature: {
      inputs: JSON.stringify(run.promptParams.map(({ key }) => column(key))),
      outputs: JSON.stringify([column("output")]),
      params: null,
    },
  };
  const parameters = {
    prompt_template: run.template,
    prompt_parameters: named(run.promptParams),
    model_parameters: named(run.modelParams),
    model_route: run.model,
  };
  return {
    "model/MLmodel": JSON.stringify(model, null, 2),
    "model/parameters.yaml": JSON.stringify(parameters, null, 2),
    "model/requirements.txt": `mlflow[gateway]==${run.mlflowVersion}\n`,
  };
}

const named = (params: readonly Param[]): Readonly<Record<string, string>> =>
  Object.fromEntries(params.map(({ key, value }) => [key, value]));
