import type { Json } from "../lib/json.ts";
import { type Random, random } from "../lib/random.ts";
import { rowsToTable } from "../onnx/rows.ts";
import type { Table } from "../table/table.ts";
import type { Fetched } from "./encoded.ts";
import { exactParts, type Parts } from "./exact-parts.ts";
import type { Explainer } from "./explainer.ts";
import type { Explanation } from "./explanation.ts";
import { fetchTensors } from "./fetch-tensors.ts";
import { mixRows } from "./mix-rows.ts";
import { mixOf } from "./plan.ts";
import { bodyOutputs, explainedOutput } from "./raw-outputs.ts";
import { sampling } from "./sampled.ts";
import { explanationOf } from "./tell.ts";

/** Rows the model is run on for one explanation where it has to be run. */
const RUNS = 2000;
/** Rows of one such run: some milliseconds. */
const BATCH = 250;

export interface ExplainRowsDeps {
  /** Lets others go on: called after each row, and between the runs of a long one. */
  breathe(): Promise<void>;
}

/** Why the model says what it says, row by row. The same row gets the same explanation. Rows must have no problems (`rowsToTable`). */
export async function explainRows(
  deps: ExplainRowsDeps,
  input: {
    readonly explainer: Explainer;
    readonly rows: readonly Readonly<Record<string, Json>>[];
    readonly runs?: number;
  },
): Promise<Explanation[]> {
  const { explainer, rows } = input;
  const { signature, body } = explainer;
  const { table } = rowsToTable(signature, rows);
  const fetched = await fetchTensors(explainer.tensors, { signature, table });
  const explanations: Explanation[] = [];
  for (let row = 0; row < rows.length; row++) {
    const raw = bodyOutputs({ body }, fetched, row);
    const of = explainedOutput(signature, raw);
    const mix = mixOf(explainer, raw.length, of);
    const parts =
      body.kind === "other"
        ? await sampledParts(deps, { explainer, table, row, mix, runs: input.runs ?? RUNS })
        : exactParts(explainer, fetched, row, mix);
    explanations.push(
      explanationOf(explainer, { parts, of, mix, raw, fetched, row: rows[row]!, at: row }),
    );
    await deps.breathe();
  }
  return explanations;
}

async function sampledParts(
  deps: ExplainRowsDeps,
  input: {
    readonly explainer: Explainer;
    readonly table: Table;
    readonly row: number;
    readonly mix: Float64Array;
    readonly runs: number;
  },
): Promise<Parts> {
  const { explainer, mix } = input;
  const { signature, background, body } = explainer;
  const names = signature.columns.map(({ name }) => name);
  const rng: Random = random("explanation");
  const plan = sampling(names.length, background.table.rows, input.runs, rng);
  const mixed = mixRows(names, plan, { ...input, background: background.table });
  const answers = new Float64Array(plan.runs);
  for (let from = 0; from < plan.runs; from += BATCH) {
    const range = { from, to: Math.min(plan.runs, from + BATCH) };
    const some: Fetched = await fetchTensors(explainer.tensors, { signature, table: mixed, range });
    for (let run = from; run < range.to; run++) {
      const raw = bodyOutputs({ body }, some, run - from);
      for (let k = 0; k < raw.length; k++) answers[run]! += mix[k]! * raw[k]!;
    }
    await deps.breathe();
  }
  const { base, said, contributions, errors } = plan.solve(answers);
  return {
    ...{ base, said, contributions, method: plan.method, runs: plan.runs },
    error: errors.reduce((a, b) => Math.max(a, b), 0),
    background: { kind: background.kind, rows: new Set(plan.background).size },
  };
}
