import type { DatasetVersion } from "../datasets/dataset-version.ts";
import { ingest } from "../datasets/ingest.ts";
import { ingestTable } from "../datasets/ingest-table.ts";
import type { Schema } from "../datasets/schema.ts";
import type { StepContext } from "../engine/engine.ts";
import { MillwrightError } from "../errors.ts";
import type { SignatureColumn } from "../onnx/signature.ts";
import { TRAFFIC } from "../serving/prediction.ts";
import { inputTable, type LoggedPrediction } from "../serving/read-log.ts";
import { numberColumn, stringColumn, type Table } from "../table/table.ts";
import { definedModel } from "./defined-model.ts";
import type { Platform, PredictionLog } from "./platform.ts";

/**
 * What a model is trained on: its dataset's source as it is now, and every row it has answered since of which the truth has
 * become known. `asOf`: only truths that had arrived by then, for rows that had happened by then.
 */
export async function gatherData(
  deps: Pick<Platform, "project" | "columns" | "blobs" | "datasets" | "clock"> & {
    readonly predictions: Pick<PredictionLog, "read">;
  },
  input: { readonly model: string; readonly asOf?: number; readonly step: StepContext },
): Promise<DatasetVersion> {
  const { definition: project, folder } = await deps.project();
  const { model, dataset } = definedModel(project, input.model);
  input.step.progress(`reading ${dataset.source}`);
  const { version } = await ingest(deps, {
    ...{ dataset: model.dataset, folder, source: dataset.source, header: dataset.header },
    ...{ key: dataset.key, time: dataset.time, target: model.target, onBadRows: dataset.onBadRows },
  });
  refuseBroken(version);
  input.step.progress("reading labelled predictions");
  const asOf = input.asOf ?? Number.MAX_SAFE_INTEGER;
  const logged = await deps.predictions.read({
    variant: TRAFFIC,
    model: input.model,
    from: 0,
    to: asOf,
    withFeedback: true,
  });
  const labelled = logged.filter(({ truth }) => truth !== undefined && truth.at < asOf);
  if (labelled.length === 0) return version;
  const joined = await ingestTable(deps, {
    dataset: model.dataset,
    parts: [
      version.data,
      labelledTable(version.schema, { target: model.target, time: dataset.time }, labelled),
    ],
    schema: version.schema,
    parents: [version.id],
    sources: version.lineage.sources,
  });
  return joined.version;
}

function refuseBroken({ dataset, anomalies }: DatasetVersion): void {
  const broken = anomalies.filter((anomaly) => anomaly.severity === "broken");
  if (broken.length === 0) return;
  throw new MillwrightError(
    "invalid_data",
    `Dataset "${dataset}" is not as its schema says, so nothing was trained. ${broken.map((a) => a.message).join(" ")}`,
    {
      details: {
        anomalies: broken.map(({ kind, column, rows }) => ({ kind, column: column ?? null, rows })),
      },
    },
  );
}

/**
 * Logged inputs in the dataset's columns, with the truth as the target. A row that came without its time happened when it was
 * asked about: without one it would be learned from in every round of a split by time, the earliest included.
 */
function labelledTable(
  schema: Schema,
  { target, time }: { readonly target: string; readonly time: string | undefined },
  labelled: readonly LoggedPrediction[],
): Table {
  const columns = schema.columns.map(
    ({ name, type }): SignatureColumn => ({
      name,
      role: type === "number" ? "numeric" : type === "time" ? "time" : "category",
    }),
  );
  const table = inputTable(labelled, columns);
  const truths = labelled.map(({ truth }) => truth!.label);
  const isNumber = schema.columns.find((column) => column.name === target)?.type === "number";
  const column = isNumber ? numberColumn(truths.map(Number)) : stringColumn(truths.map(String));
  const made = new Map([...table.columns, [target, column]]);
  const times = time === undefined ? undefined : made.get(time);
  if (time !== undefined && times?.type === "time")
    made.set(time, {
      ...times,
      values: times.values.map((seconds, i) =>
        Number.isNaN(seconds) ? labelled[i]!.eventTime / 1000 : seconds,
      ),
    });
  return { rows: table.rows, columns: made };
}
