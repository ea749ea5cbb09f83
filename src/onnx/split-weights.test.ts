import { describe, expect, test } from "vitest";
import { onnxRuntime } from "../runtime/onnxruntime.ts";
import { graph } from "./graph.ts";
import type { Signature } from "./signature.ts";
import { splitWeights } from "./split-weights.ts";

const signature: Signature = { task: "regression", target: "y", classes: [], columns: [] };

/** y = slope · (x, or `missing` where it is NaN) + bias. */
function line(slope: number, bias: number, missing = 7): Uint8Array {
  const g = graph();
  const x = g.input("x", "float32", ["N", 1]);
  const filled = g.node("Where", [
    g.node("IsNaN", [x]),
    g.constant("float32", [1, 1], [missing]),
    x,
  ]);
  const scaled = g.node("MatMul", [filled, g.constant("float32", [1, 1], [slope])]);
  g.node("Add", [scaled, g.constant("float32", [], [bias])], {}, { outputs: ["y"] });
  g.output("y", "float32", ["N", 1]);
  return g.encode(signature);
}

describe("a model's weights apart from its graph", () => {
  test("are what arithmetic is done with; models of other weights have the same graph", () => {
    const split = splitWeights(line(2, 1))!;
    expect(split.weights.map(({ dims, data }) => [dims, [...data]])).toEqual([
      [[1, 1], [2]],
      [[], [1]],
    ]);
    expect(splitWeights(line(-3, 0.5))!.graph).toEqual(split.graph);
    // What a node takes that is not arithmetic is part of the graph.
    expect(splitWeights(line(2, 1, 8))!.graph).not.toEqual(split.graph);
  });

  test("bytes that lie within others are read where they are", () => {
    const bytes = line(2, 1);
    const within = Buffer.concat([Buffer.alloc(3), bytes]).subarray(3);
    expect(splitWeights(within)).toEqual(splitWeights(bytes));
  });

  test("a model without any stays whole", () => {
    const g = graph();
    g.node("Identity", [g.input("x", "float32", ["N", 1])], {}, { outputs: ["y"] });
    g.output("y", "float32", ["N", 1]);
    expect(splitWeights(g.encode(signature))).toBeUndefined();
  });

  test.each(["native", "wasm"] as const)(
    "%s: siblings share a session, each answers by its own weights, also when another has been closed",
    async (flavour) => {
      const runtime = await onnxRuntime(flavour);
      const data = Float32Array.of(1, Number.NaN);
      const ask = async (session: Awaited<ReturnType<typeof runtime.load>>) => {
        const said = await session.run({ x: { type: "float32", dims: [2, 1], data } });
        return [...said.y!.data];
      };
      const [one, two] = await Promise.all([
        runtime.load(line(2, 1), { siblings: true }),
        runtime.load(line(-3, 0.5), { siblings: true }),
      ]);
      expect(one.sharesGraph).toBe(true);
      expect(one.inputs.map(({ name }) => name)).toEqual(["x"]);
      expect(await ask(one)).toEqual(await ask(await runtime.load(line(2, 1))));
      expect(await ask(two)).toEqual([-2.5, -20.5]);
      await one.close();
      expect(await ask(two)).toEqual([-2.5, -20.5]);
      await two.close();
      const again = await runtime.load(line(4, 0), { siblings: true });
      expect(await ask(again)).toEqual([4, 28]);
      await again.close();
    },
  );
});
