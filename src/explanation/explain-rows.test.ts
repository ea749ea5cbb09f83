import { describe, expect, test } from "vitest";
import type { Json } from "../lib/json.ts";
import type { Task } from "../lib/task.ts";
import { fromOutputs, toFeeds } from "../onnx/feeds.ts";
import { graph } from "../onnx/graph.ts";
import type { Signature } from "../onnx/signature.ts";
import { onnxRuntime } from "../runtime/onnxruntime.ts";
import { MIXED_COLUMNS, mixedTable, mixedTarget } from "../testing/mixed-table.ts";
import { fitEncoder } from "../training/encoding/fit-encoder.ts";
import type { Trainer } from "../training/trainer.ts";
import { TRAINERS } from "../training/trainers/all.ts";
import { backgroundRows } from "./background.ts";
import { explainRows } from "./explain-rows.ts";
import { openExplainer } from "./open-explainer.ts";

const CLASSES = { binary: ["no", "yes"], multiclass: ["a", "b", "c"], regression: [] };
const PARAMS: Readonly<Record<string, object>> = {
  baseline: { kind: "rule" },
  forest: { trees: 10, maxDepth: 5 },
  gbdt: { rounds: 10 },
  mlp: { epochs: 3 },
};
const METHOD: Readonly<Record<string, string>> = {
  baseline: "permutation",
  forest: "tree",
  gbdt: "tree",
  linear: "linear",
  mlp: "permutation",
};

/** A model of mixed columns as a file, and rows to explain. */
function fitted(trainer: Trainer, task: Task) {
  const table = mixedTable(300, 1);
  const target = mixedTarget(table, task);
  const classes = CLASSES[task].length;
  const common = { target, task, classes, seed: 1 };
  const { encoder, design } = fitEncoder({
    ...{ ...common, table, columns: MIXED_COLUMNS, style: trainer.style },
  });
  const params = trainer.params.parse(PARAMS[trainer.name] ?? {});
  const model = trainer.fit({ ...common, design, params });
  const g = graph();
  const output = task === "regression" ? "value" : "probability";
  g.node("Identity", [model.emit(g, encoder.emit(g))], {}, { outputs: [output] });
  g.output(output, "float32", ["N", Math.max(1, classes)]);
  const signature: Signature = {
    ...{ task, target: "y", classes: CLASSES[task], columns: encoder.columns },
  };
  return { file: g.encode(signature), signature, table };
}

const breathe = async () => {};
const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
const logistic = (x: number) => 1 / (1 + Math.exp(-x));

describe.each(TRAINERS)("explanations of $name", (trainer) => {
  test.each(trainer.tasks)("%s: they add up to what the model says", async (task) => {
    const { file, signature, table } = fitted(trainer as Trainer, task);
    const runtime = await onnxRuntime();
    const rows = backgroundRows(signature, mixedTable(6, 2, true)) as Record<string, Json>[];
    const explainer = await openExplainer(
      { runtime },
      { model: file, signature, background: table },
    );
    const explanations = await explainRows({ breathe }, { explainer, rows, runs: 250 });
    const session = await runtime.load(file);
    const said = fromOutputs(
      signature,
      await session.run(toFeeds(signature, mixedTable(6, 2, true))),
    );
    await session.close();
    explanations.forEach((explanation, i) => {
      const { base, contributions, unit, of, method, error } = explanation;
      expect(method).toBe(METHOD[trainer.name]);
      expect(contributions.map(({ column }) => column).sort()).toEqual(
        signature.columns.map(({ name }) => name).sort(),
      );
      const total = base + sum(contributions.map(({ contribution }) => contribution));
      expect(Math.abs(total - explanation.said)).toBeLessThanOrEqual(
        1e-9 * Math.max(1, Math.abs(total)),
      );
      if (method !== "permutation") expect(error).toBe(0);
      if (task === "regression") {
        expect(unit).toBe("target");
        expect(Math.abs(total - said.values[i]!)).toBeLessThanOrEqual(1e-5 * Math.abs(total));
      } else if (task === "binary") {
        expect(of).toBe("yes");
        const p = unit === "log-odds" ? logistic(total) : total;
        expect(p).toBeCloseTo(said.values[i]!, 6);
      } else {
        const each = [...said.values.subarray(i * 3, i * 3 + 3)];
        const k = each.indexOf(Math.max(...each));
        expect(of).toBe(signature.classes[k]);
        const logs = each.map(Math.log);
        const wanted = unit === "log-odds" ? logs[k]! - sum(logs) / 3 : each[k]!;
        expect(Math.abs(total - wanted)).toBeLessThanOrEqual(1e-5);
      }
    });
  });
});
