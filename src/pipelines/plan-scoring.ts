import type { StepContext } from "../engine/engine.ts";
import { MillwrightError } from "../errors.ts";
import type { Digest } from "../lib/digest.ts";
import type { ModelVersion } from "../registry/model-version.ts";
import { addedColumns } from "../scoring/added-columns.ts";
import { capacityOf } from "../scoring/forwarding.ts";
import type { PinnedFamily } from "../scoring/pinned-family.ts";
import { batchId, partBytes, type ScorePlan } from "../scoring/score-plan.ts";
import type { Piece, Source } from "../storage/columns/columns.ts";
import { resultFormat } from "../storage/columns/result-format.ts";
import { pinFamily } from "./pin-family.ts";
import type { Platform } from "./platform.ts";
import type { ScoreInput } from "./score.ts";

export interface BatchPlan {
  readonly scoring: ScorePlan;
  /** "binary", …: what the results are. */
  readonly task: ModelVersion["signature"]["task"];
  /** Column that names a row, where the source has it. */
  readonly key: string | undefined;
  readonly batch: { readonly id: Digest; readonly parts: number; readonly found: number };
}

/** Batches nobody has asked for in a week give their space back. */
const FORGET_MS = 7 * 86_400_000;

/** Looks at the source, decides how it is read and cut, and keeps that. Everything that can be refused is refused here. */
export async function planScoring(
  deps: Pick<
    Platform,
    "columns" | "registry" | "datasets" | "scoring" | "blobs" | "project" | "serving" | "families"
  >,
  input: ScoreInput & { readonly step: StepContext },
): Promise<BatchPlan> {
  const { model, out, step } = input;
  resultFormat(out);
  const wanted = input.version ?? "champion";
  const version = await deps.registry.find(model, wanted);
  if (!version)
    throw new MillwrightError("not_found", `Model "${model}" has no version "${wanted}".`);
  const { signature } = version;
  checkWishes(signature.task, input);
  const { definition } = await deps.project();
  const name = definition.models[model]?.dataset;
  const dataset = name === undefined ? undefined : definition.datasets[name];
  step.progress("reading the source");
  const source = await deps.columns.inspect({
    ...{ uri: input.source, folder: input.folder },
    ...(dataset?.header ? { header: dataset.header } : {}),
  });
  checkSource(source, version, input);
  const family = input.version === undefined ? await pinFamily(deps, version) : undefined;
  const types = name === undefined ? {} : await typesOf(deps, name, version, family);
  const reasons = input.reasons ?? 0;
  const scoring: ScorePlan = {
    ...{ model, source, types, reasons, version: routed(version), ...(family ? { family } : {}) },
    added: addedColumns(signature, source.names, {
      ...{ reasons: reasons > 0, family: family !== undefined },
    }),
  };
  for (const blob of await deps.scoring.forgetBatches(FORGET_MS)) await deps.blobs.delete(blob);
  const id = batchId(scoring);
  if (!(await deps.scoring.useBatch(id))) {
    step.progress("finding rows to cut between");
    const pieces: Piece[] = [];
    for await (const piece of deps.columns.pieces(source, partBytes(source))) pieces.push(piece);
    await deps.scoring.addBatch(id, { model, version: version.id }, pieces);
  }
  const { parts, finished } = await deps.scoring.counts(id);
  const key =
    dataset?.key !== undefined && source.names.includes(dataset.key) ? dataset.key : undefined;
  return { scoring, task: signature.task, key, batch: { id, parts, found: finished } };
}

function checkWishes(task: BatchPlan["task"], { top, forward }: ScoreInput): void {
  if (task === "tensors")
    throw new MillwrightError(
      "unsupported",
      "This model says neither classes nor one number, so there is nothing to write into a table. Ask it through the Open Inference Protocol, or import it again and name the output with the scores.",
    );
  if (top === undefined && forward === undefined) return;
  if (task === "multiclass")
    throw new MillwrightError(
      "unsupported",
      "The highest scores can be picked where a model has one: of a positive class, or a number. This one has several classes.",
    );
  if (top !== undefined && !(Number.isInteger(top) && top >= 1 && top <= 10_000_000))
    throw new MillwrightError("invalid_input", `top: ${top}: a whole number from 1 to 10,000,000.`);
  if (forward && !capacityOf(forward.capacity))
    throw new MillwrightError(
      "invalid_input",
      `"${forward.capacity}" is no capacity: write such as 40/hour, 500/day or 20/15m.`,
    );
}

function checkSource(
  source: Source,
  { signature }: ModelVersion,
  { source: uri, out }: ScoreInput,
) {
  if (source.files.some(({ path }) => path === out))
    throw new MillwrightError("invalid_input", `${out} is a file of the source: name another one.`);
  const { columns } = signature;
  if (columns.some(({ name }) => source.names.includes(name))) return;
  throw new MillwrightError(
    "invalid_data",
    `${uri} has none of the columns the model reads (${firstOf(columns.map((c) => c.name))}); it has ${firstOf(source.names)}.`,
  );
}

const firstOf = (names: readonly string[]): string =>
  `${names.slice(0, 10).join(", ")}${names.length > 10 ? ", …" : ""}`;

/** As the data was typed that the version learned from; an imported model has none. */
async function typesOf(
  { datasets }: Pick<Platform, "datasets">,
  name: string,
  version: ModelVersion,
  family: PinnedFamily | undefined,
): Promise<ScorePlan["types"]> {
  const dataset = version.dataset && (await datasets.find(name, version.dataset));
  const read = [...version.signature.columns, ...(family?.columns ?? [])];
  const used = new Set(read.map((column) => column.name));
  return Object.fromEntries(
    (dataset ? dataset.schema.columns : [])
      .filter((column) => used.has(column.name))
      .map(({ name: column, type, dateOrder }) => [
        column,
        dateOrder ? { type, dateOrder } : { type },
      ]),
  );
}

const routed = ({ id, number, onnx, abstain, background }: ModelVersion): ScorePlan["version"] => ({
  ...{ id, number, onnx },
  ...(abstain ? { abstain } : {}),
  ...(background ? { background } : {}),
});
