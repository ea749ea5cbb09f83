import fc from "fast-check";
import { expect, test } from "vitest";
import type { GraphBinding } from "../onnx/signature.ts";
import { feedsOf, rowOf } from "./graph-tensors.ts";
import type { Tensor } from "./inference.ts";
import { tensorRowTexts } from "./tensor-row-texts.ts";

const graph: GraphBinding = {
  batch: null,
  outputs: [],
  inputs: [
    { name: "x", type: "float64", shape: [null, 2], columns: ["a", 'b"'] },
    { name: "n", type: "int32", shape: [null, 1], columns: ["n"] },
    { name: "s", type: "string", shape: [null], columns: ["s"] },
    { name: "t", type: "bool", shape: [null, 1], columns: ["t"] },
  ],
};

const tensor = (
  name: string,
  datatype: Tensor["datatype"],
  width: number,
  data: Tensor["data"],
) => ({
  ...{ name, datatype, data, shape: [data.length / width, width] },
});

test("says of a row what the graph was fed", () => {
  const row = fc.record({
    ...{ a: fc.double(), b: fc.option(fc.double()), n: fc.integer() },
    ...{ s: fc.string({ unit: "binary" }), t: fc.boolean() },
  });
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 4 }), (rows) => {
      const tensors = [
        tensor(
          "s",
          "BYTES",
          1,
          rows.map(({ s }) => s),
        ),
        tensor(
          "x",
          "FP64",
          2,
          rows.flatMap(({ a, b }) => [a, b]),
        ),
        tensor(
          "n",
          "INT32",
          1,
          rows.map(({ n }) => n),
        ),
        tensor(
          "t",
          "BOOL",
          1,
          rows.map(({ t }) => t),
        ),
      ];
      const { feeds } = feedsOf(graph, tensors);
      const text = tensorRowTexts(graph, tensors)!;
      rows.forEach((_, i) => {
        expect(text(i)).toBe(JSON.stringify(rowOf(graph, feeds, i, true)));
      });
    }),
  );
});

test("numbers are as they were sent, also where the graph takes fewer digits", () => {
  const [x] = graph.inputs as [GraphBinding["inputs"][0]];
  const single = { ...graph, inputs: [{ ...x, type: "float32" as const }] };
  expect(tensorRowTexts(single, [tensor("x", "FP32", 2, [1, 2, 0.1, null])])!(1)).toBe(
    '{"a":0.1,"b\\"":null}',
  );
});

test("not of bytes, of lists in cells, and of graphs without an axis of rows", () => {
  const [x, n] = graph.inputs as [GraphBinding["inputs"][0], GraphBinding["inputs"][0]];
  const bytes = tensor("n", "INT32", 1, Int32Array.of(1));
  expect(tensorRowTexts({ ...graph, inputs: [n] }, [bytes])).toBeUndefined();
  const list = tensor("x", "FP64", 2, [1, 2]);
  expect(tensorRowTexts({ ...graph, inputs: [{ ...x, columns: ["x"] }] }, [list])).toBeUndefined();
  expect(tensorRowTexts({ ...graph, whole: true }, [list])).toBeUndefined();
});
