import type { ExperimentStore } from "../../experiments/store.ts";

export interface KeepUsageExperimentDeps {
  readonly experiments: Pick<ExperimentStore, "byName" | "create">;
}

/** The experiment that takes the traces of an endpoint, made when it is not there. */
export async function keepUsageExperiment(
  { experiments }: KeepUsageExperimentDeps,
  { id, name, at }: { readonly id: string; readonly name: string; readonly at: number },
): Promise<string | undefined> {
  const made = await experiments.create({
    ...{ name: `gateway/${name}`, artifactLocation: undefined, at },
    tags: [
      { key: "mlflow.experiment.sourceType", value: "GATEWAY" },
      { key: "mlflow.experiment.sourceId", value: id },
      { key: "mlflow.experiment.isGateway", value: "true" },
    ],
  });
  return made ?? (await experiments.byName(`gateway/${name}`))?.id;
}
