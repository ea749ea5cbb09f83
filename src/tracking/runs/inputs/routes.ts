import { z } from "zod";
import type { HttpRoute } from "../../../http/http.ts";
import { invalidParameter } from "../../mlflow/errors.ts";
import { absent, integer, list, text } from "../../mlflow/fields.ts";
import { checkLength } from "../../mlflow/names.ts";
import { rpc, rpcRoutes } from "../../mlflow/rpc.ts";
import { throwRefused } from "../refusals.ts";
import { RUN_FIELDS, runIdOf } from "../run-fields.ts";
import type { DatasetInput } from "../tracked-run.ts";
import type { InputStore } from "./store.ts";

const inputFields = z.object({
  tags: list(z.object({ key: text(1), value: text() })),
  dataset: z.object({
    name: text(1),
    digest: text(1),
    source_type: text(),
    source: text(),
    schema: absent(text()),
    profile: absent(text()),
  }),
});

/** Per call; the client sends a few. */
const MAX_INPUTS = 1000;

/** Datasets and models that a run used, models that it made. */
export function inputRoutes({ inputs }: { readonly inputs: InputStore }): HttpRoute[] {
  const used = rpc({
    ...{ method: "POST", path: "/runs/log-inputs", summary: "datasets and models that a run used" },
    input: z.object({
      ...RUN_FIELDS,
      datasets: list(inputFields),
      models: list(z.object({ model_id: text(1) })),
    }),
    async handle(input) {
      const run = runIdOf(input);
      checkCount("datasets", input.datasets.length);
      checkCount("models", input.models.length);
      const datasets = input.datasets.map(checkedInput);
      const models = input.models.map(({ model_id }) => model_id);
      throwRefused(run, await inputs.log(run, { datasets, models }));
      return {};
    },
  });

  const made = rpc({
    ...{ method: "POST", path: "/runs/outputs", summary: "models that a run made" },
    input: z.object({
      ...RUN_FIELDS,
      models: z.array(z.object({ model_id: text(1), step: absent(integer()) })),
    }),
    async handle(input) {
      const run = runIdOf(input);
      checkCount("models", input.models.length);
      const models = input.models.map(({ model_id, step }) => ({
        model: model_id,
        step: step ?? 0,
      }));
      throwRefused(run, await inputs.outputs(run, models));
      return {};
    },
  });

  return rpcRoutes([used, made]);
}

function checkedInput({ dataset, tags }: z.output<typeof inputFields>): DatasetInput {
  checkLength("name", 500, dataset.name);
  checkLength("digest", 36, dataset.digest);
  checkLength("source_type", 500, dataset.source_type);
  checkLength("source", 65_535, dataset.source);
  checkLength("schema", 1_048_575, dataset.schema ?? "");
  checkLength("profile", 16_777_215, dataset.profile ?? "");
  for (const { key, value } of tags) {
    checkLength("key", 255, key);
    checkLength("value", 500, value);
  }
  const { name, digest, source_type: sourceType, source, schema, profile } = dataset;
  return { dataset: { name, digest, sourceType, source, schema, profile }, tags };
}

function checkCount(what: string, given: number): void {
  if (given > MAX_INPUTS)
    throw invalidParameter(
      `A request can contain at most ${MAX_INPUTS} ${what}. Got ${given} ${what}. Please split them up across multiple requests.`,
    );
}
