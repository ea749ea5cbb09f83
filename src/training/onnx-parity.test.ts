import { describe, expect, test } from "vitest";
import { fromOutputs, toFeeds } from "../onnx/feeds.ts";
import { graph } from "../onnx/graph.ts";
import { readSignature } from "../onnx/read-signature.ts";
import type { Signature } from "../onnx/signature.ts";
import { onnxRuntime } from "../runtime/onnxruntime.ts";
import { MIXED_COLUMNS, mixedTable, mixedTarget } from "../testing/mixed-table.ts";
import { fitEncoder } from "./encoding/fit-encoder.ts";
import { TRAINERS } from "./trainers/all.ts";

const CLASSES = { binary: ["no", "yes"], multiclass: ["a", "b", "c"], regression: [] };
/** Small models: the point is that they are the same, not that they are good. */
const PARAMS: Readonly<Record<string, object>> = {
  baseline: { kind: "rule" },
  forest: { trees: 10, maxDepth: 5 },
  gbdt: { rounds: 10 },
  mlp: { epochs: 3 },
};

describe.each(TRAINERS)("$name on mixed columns", (trainer) => {
  test.each(trainer.tasks)(
    "%s: the file answers as the model does, in both runtimes",
    async (task) => {
      const table = mixedTable(300, 1);
      const target = mixedTarget(table, task);
      const classes = CLASSES[task].length;
      const common = { target, task, classes, seed: 1 };
      const { encoder, design } = fitEncoder({
        ...common,
        table,
        columns: MIXED_COLUMNS,
        style: trainer.style,
      });
      const params = trainer.params.parse(PARAMS[trainer.name] ?? {});
      const model = trainer.fit({ ...common, design, params });

      const g = graph();
      const output = task === "regression" ? "value" : "probability";
      g.node("Identity", [model.emit(g, encoder.emit(g))], {}, { outputs: [output] });
      g.output(output, "float32", ["N", Math.max(1, classes)]);
      const signature: Signature = {
        task,
        target: "y",
        classes: CLASSES[task],
        columns: encoder.columns,
      };
      const file = g.encode(signature);
      expect(readSignature(file)).toEqual(signature);

      for (const flavour of ["native", "wasm"] as const) {
        const session = await (await onnxRuntime(flavour)).load(file);
        for (const rows of [table, mixedTable(100, 2, true), { rows: 1, columns: new Map() }]) {
          const expected = model.predict(encoder.encode(rows));
          const actual = fromOutputs(signature, await session.run(toFeeds(signature, rows)));
          expect([actual.rows, actual.width]).toEqual([expected.rows, expected.width]);
          const size = expected.values.reduce((most, v) => Math.max(most, Math.abs(v)), 1);
          const gaps = expected.values.map((v, i) => Math.abs(v - actual.values[i]!) / size);
          expect(gaps.reduce((a, b) => Math.max(a, b), 0)).toBeLessThan(1e-5);
        }
        await session.close();
      }
    },
  );
});
