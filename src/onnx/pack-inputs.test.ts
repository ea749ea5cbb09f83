import { describe, expect, test } from "vitest";
import { onnxRuntime } from "../runtime/onnxruntime.ts";
import { graph } from "./graph.ts";
import { packInputs } from "./pack-inputs.ts";
import type { Signature } from "./signature.ts";

const signature: Signature = { task: "regression", target: "y", classes: [], columns: [] };

/** sum = a + 10 b + 100 c, and the texts side by side; `at` and `wide` are no columns to pack. */
function model(): Uint8Array {
  const g = graph();
  const numbers = ["a", "b", "c"].map((name) => g.input(name, "float32", ["N", 1]));
  const at = g.input("at", "float64", ["N", 1]);
  const wide = g.input("wide", "float32", ["N", 2]);
  const texts = ["s", "t", "u"].map((name) => g.input(name, "string", ["N", 1]));
  const weights = g.constant("float32", [3, 1], [1, 10, 100]);
  g.node("MatMul", [g.node("Concat", numbers, { axis: 1 }), weights], {}, { outputs: ["sum"] });
  g.node("Concat", texts, { axis: 1 }, { outputs: ["texts"] });
  g.node("Identity", [at], {}, { outputs: ["when"] });
  g.node("Identity", [wide], {}, { outputs: ["same"] });
  g.output("sum", "float32", ["N", 1]);
  g.output("texts", "string", ["N", 3]);
  g.output("when", "float64", ["N", 1]);
  g.output("same", "float32", ["N", 2]);
  return g.encode(signature);
}

describe("packed inputs", () => {
  test("are those with one value a row, of one type", () => {
    expect(packInputs(model()).packs).toEqual([
      { name: "#packed float32", type: "float32", inputs: ["a", "b", "c"] },
      { name: "#packed string", type: "string", inputs: ["s", "t", "u"] },
    ]);
  });

  test("a file with too few of them stays as it is", () => {
    const g = graph();
    g.node("Identity", [g.input("x", "float32", ["N", 1])], {}, { outputs: ["y"] });
    g.output("y", "float32", ["N", 1]);
    const bytes = g.encode(signature);
    expect(packInputs(bytes)).toEqual({ bytes, packs: [] });
  });

  test.each(["native", "wasm"] as const)(
    "%s: one by one or joined, the answer is the same",
    async (flavour) => {
      const session = await (await onnxRuntime(flavour)).load(model());
      expect(session.inputs.map(({ name }) => name).sort()).toEqual(
        ["a", "at", "b", "c", "s", "t", "u", "wide"].sort(),
      );
      const column = (...data: number[]) =>
        ({ type: "float32", dims: [2, 1], data: Float32Array.from(data) }) as const;
      const text = (...data: string[]) => ({ type: "string", dims: [2, 1], data }) as const;
      const rest = {
        at: { type: "float64", dims: [2, 1], data: Float64Array.of(7, 8) },
        wide: { type: "float32", dims: [2, 2], data: Float32Array.of(1, 2, 3, 4) },
      } as const;
      const apart = await session.run({
        ...rest,
        ...{ a: column(1, 2), b: column(3, 4), c: column(5, Number.NaN) },
        ...{ s: text("1", "2"), t: text("é", ""), u: text("x", "y") },
      });
      const joined = await session.run({
        ...rest,
        "#packed float32": {
          type: "float32",
          dims: [2, 3],
          data: Float32Array.of(1, 3, 5, 2, 4, Number.NaN),
        },
        "#packed string": { type: "string", dims: [2, 3], data: ["1", "é", "x", "2", "", "y"] },
      });
      expect([...apart.sum!.data]).toEqual([531, Number.NaN]);
      expect(apart.texts!.data).toEqual(["1", "é", "x", "2", "", "y"]);
      expect(joined).toEqual(apart);
      await session.close();
    },
  );
});
