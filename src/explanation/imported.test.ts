import { describe, expect, test } from "vitest";
import type { Json } from "../lib/json.ts";
import { rowsToTable } from "../onnx/rows.ts";
import { tryGraph } from "../pipelines/try-graph.ts";
import { onnxRuntime } from "../runtime/onnxruntime.ts";
import { expectedModels, onnxModel } from "../testing/onnx-models.ts";
import { explainRows } from "./explain-rows.ts";
import { openExplainer } from "./open-explainer.ts";

const breathe = async () => {};

/** Rows of the recorded feeds, by the columns an import gives them. */
async function imported(file: string) {
  const runtime = await onnxRuntime();
  const { onnx, signature } = await tryGraph({ runtime }, { bytes: onnxModel(file), options: {} });
  const { feed, expect: wanted } = expectedModels()[file]!;
  const inputs = signature.graph!.inputs;
  const count = Math.max(...inputs.map(({ name }) => feed![name]!.shape![0]!));
  const rows = Array.from({ length: count }, (_, i) =>
    Object.fromEntries(
      inputs.flatMap(({ name, columns }) =>
        columns.map((column, k): [string, Json] => [
          column,
          feed![name]!.data![i * columns.length + k]!,
        ]),
      ),
    ),
  );
  return { runtime, model: onnx, signature, rows, wanted: wanted! };
}

describe.each([
  ["gen_adult_lightgbm.onnx", "tree", "log-odds"],
  ["sklearn_randomforest_zipmap.onnx", "tree", "probability"],
  ["tree_ensemble_as_tensor.onnx", "tree", "target"],
  ["logreg_iris.onnx", "enumeration", "probability"],
  ["gen_telco_lr_strings_zipmap.onnx", "linear", "log-odds"],
  ["gen_hotel_lr_strings.onnx", "linear", "log-odds"],
])("%s, imported", (file, method, unit) => {
  test("is explained, against rows and against nothing", async () => {
    const { runtime, model, signature, rows, wanted } = await imported(file);
    const scores = wanted[signature.graph!.scores!] ?? wanted.probabilities!;
    for (const background of [undefined, rowsToTable(signature, rows).table]) {
      const explainer = await openExplainer({ runtime }, { model, signature, background });
      const explained = await explainRows({ breathe }, { explainer, rows });
      explained.forEach(({ base, said, contributions, ...explanation }, i) => {
        expect(explanation).toMatchObject({ method, unit, error: 0 });
        expect(explanation.background.kind).toBe(background ? "rows" : "zeros");
        const total = contributions.reduce((sum, c) => sum + c.contribution, base);
        expect(total).toBeCloseTo(said, 9);
        const each = scores.data as number[] | undefined;
        if (!each || signature.task !== "binary") return;
        const p = unit === "log-odds" ? 1 / (1 + Math.exp(-said)) : said;
        expect(p).toBeCloseTo(each[2 * i + 1]!, 5);
      });
    }
  });
});

test("a model that takes lists is refused in words", async () => {
  const runtime = await onnxRuntime();
  const file = onnxModel("pytorch_cnn_mnist.onnx");
  const { onnx, signature } = await tryGraph({ runtime }, { bytes: file, options: {} });
  await expect(
    openExplainer({ runtime }, { model: onnx, signature, background: undefined }),
  ).rejects.toMatchObject({ code: "unsupported", message: expect.stringMatching(/list|tensors/) });
});
