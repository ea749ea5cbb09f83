import type { Digest } from "../lib/digest.ts";
import type { Signature } from "../onnx/signature.ts";
import { batchWatch } from "../runtime/batch-watch.ts";
import { type Batched, batched } from "../runtime/batched.ts";
import type { Sessions } from "../runtime/sessions.ts";
import type { Metrics } from "../serving/metrics.ts";
import type { ModelInput, Models } from "../serving/predict.ts";
import type { RowFields } from "../serving/route.ts";
import { knownFields, type RawRow, type ScoredRow } from "../serving/rows.ts";
import { runTensors, type TensorCall } from "../serving/run-tensors.ts";
import { score } from "../serving/score.ts";
import { rowsOver, type ScoreFile, scoreOver } from "../serving/score-over.ts";

export function servingModels(
  loaded: Sessions<Signature>,
  counters: Pick<Metrics, "countBatch" | "countModelUse">,
  explainRowsOf: Models["explain"],
): {
  models: Models;
  batches: Batched<Digest, RawRow, ScoredRow>;
} {
  const watch = batchWatch<Digest>(counters.countBatch);
  const batches = batched(
    (onnx: Digest, rows: readonly RawRow[]) =>
      watch.run(onnx, rows.length, () => score({ sessions: loaded }, { onnx, rows })),
    { lanes: loaded.lanesOf },
  );
  const tensors = batched(
    (onnx: Digest, calls: readonly TensorCall[]) =>
      watch.run(onnx, calls.length, () => runTensors({ sessions: loaded }, { onnx, calls })),
    { lanes: loaded.lanesOf },
  );
  /** Per signature and fields object: a new route or a reloaded model gets new ones. */
  const inputs = new WeakMap<Signature, WeakMap<object, ModelInput>>();
  const inputOf = (signature: Signature, fields: RowFields): ModelInput => {
    let perFields = inputs.get(signature);
    if (perFields === undefined) {
      perFields = new WeakMap();
      inputs.set(signature, perFields);
    }
    let input = perFields.get(fields);
    if (input === undefined) {
      input = { signature, known: knownFields(signature, fields) };
      perFields.set(fields, input);
    }
    return input;
  };
  /** As `scoreFileIn`, in batches. */
  const scoreFile: ScoreFile = {
    signature: (onnx) => loaded.use(onnx, async ({ about }) => about),
    score: (onnx, rows) => batches.run(onnx, rows),
  };
  return {
    batches,
    models: {
      async input(version, fields) {
        const signature = loaded.aboutOf(version.onnx);
        counters.countModelUse(signature !== undefined);
        if (signature !== undefined) return inputOf(signature, fields);
        return loaded.use(version.onnx, async ({ about }) => inputOf(about, fields));
      },
      async score(version, rows, note) {
        watch.asked(version.onnx, note);
        const { over } = version;
        if (over === undefined) return batches.run(version.onnx, rows);
        return scoreOver(scoreFile, { onnx: version.onnx, over, rows });
      },
      async run(version, call, note) {
        watch.asked(version.onnx, note);
        return (await tensors.run(version.onnx, [call]))[0]!;
      },
      isLoaded: ({ onnx }) => loaded.isLoaded(onnx),
      unload: ({ onnx }) => loaded.drop(onnx),
      async explain(version, rows) {
        const { over } = version;
        if (over === undefined) return explainRowsOf(version, rows);
        return explainRowsOf(version, await rowsOver(scoreFile, over, rows));
      },
    },
  };
}
