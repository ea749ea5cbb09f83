import { describe, expect, test } from "vitest";
import { graph } from "../onnx/graph.ts";
import { ELEMENT, ModelProto } from "../onnx/schema.ts";
import type { Signature } from "../onnx/signature.ts";
import { onnxRuntime } from "./onnxruntime.ts";

const signature: Signature = { task: "regression", target: "y", classes: [], columns: [] };

/** doubled = 2x and greeting = name, for any number of rows. */
function smallModel(): Uint8Array {
  const g = graph();
  const x = g.input("x", "float32", ["N", 1]);
  const name = g.input("name", "string", ["N", 1]);
  g.node("Mul", [x, g.constant("float32", [1], [2])], {}, { outputs: ["doubled"] });
  g.node("Identity", [name], {}, { outputs: ["greeting"] });
  g.output("doubled", "float32", ["N", 1]);
  g.output("greeting", "string", ["N", 1]);
  return g.encode(signature);
}

/** Scores and a sequence of maps (ZipMap), as scikit-learn's converter writes by default. */
function zipMapModel(): Uint8Array {
  const g = graph();
  const x = g.input("x", "float32", ["N", 2]);
  g.node("Identity", [x], {}, { outputs: ["scores"] });
  const options = { domain: "ai.onnx.ml", outputs: ["map"] } as const;
  g.node("ZipMap", [g.node("Identity", [x])], { classlabels_int64s: { ints: [0, 1] } }, options);
  g.output("scores", "float32", ["N", 2]);
  const model = ModelProto.toObject(ModelProto.decode(g.encode(signature)));
  const map = {
    mapType: { keyType: ELEMENT.int64, valueType: { tensorType: { elemType: ELEMENT.float32 } } },
  };
  model.graph.output.push({ name: "map", type: { sequenceType: { elemType: map } } });
  return ModelProto.encode(ModelProto.fromObject(model)).finish();
}

describe.each(["native", "wasm"] as const)("onnxruntime, %s", (flavour) => {
  test("runs a model with numbers and text", async () => {
    const session = await (await onnxRuntime(flavour)).load(smallModel());
    expect(session.inputs).toEqual([
      { name: "x", type: "float32", shape: [null, 1] },
      { name: "name", type: "string", shape: [null, 1] },
    ]);
    const result = await session.run({
      x: { type: "float32", dims: [2, 1], data: Float32Array.of(1, 2) },
      name: { type: "string", dims: [2, 1], data: ["Zoë", "日本"] },
    });
    expect([...result.doubled!.data]).toEqual([2, 4]);
    expect(result.greeting!.data).toEqual(["Zoë", "日本"]);
    await session.close();
  });

  test("takes memory that is shared between threads", async () => {
    const session = await (await onnxRuntime(flavour)).load(smallModel());
    const x = new Float32Array(new SharedArrayBuffer(4));
    x[0] = 21;
    const result = await session.run({
      x: { type: "float32", dims: [1, 1], data: x },
      name: { type: "string", dims: [1, 1], data: [""] },
    });
    expect([...result.doubled!.data]).toEqual([42]);
  });

  test("fetches the tensors of a model that also makes maps", async () => {
    const session = await (await onnxRuntime(flavour)).load(zipMapModel());
    expect(session.outputs.map((o) => o.name)).toEqual(["scores"]);
    const x = { type: "float32", dims: [1, 2], data: Float32Array.of(0.25, 0.75) } as const;
    expect([...(await session.run({ x })).scores!.data]).toEqual([0.25, 0.75]);
  });

  test("says in words why bytes are no model", async () => {
    const runtime = await onnxRuntime(flavour);
    await expect(runtime.load(Uint8Array.of(1, 2, 3, 4))).rejects.toMatchObject({
      code: "invalid_model",
      message: expect.stringMatching(/no ONNX model/),
    });
  });

  test("names the input that is missing, unknown, of the wrong type or shape", async () => {
    const session = await (await onnxRuntime(flavour)).load(smallModel());
    const x = { type: "float32", dims: [1, 1], data: Float32Array.of(1) } as const;
    const name = { type: "string", dims: [1, 1], data: ["a"] } as const;
    const refuses = (feeds: Parameters<typeof session.run>[0], words: RegExp) =>
      expect(session.run(feeds)).rejects.toMatchObject({
        code: "invalid_input",
        message: expect.stringMatching(words),
      });
    await refuses({ x }, /'name' is missing/);
    await refuses({ x, name, age: x }, /'age' is unknown: the model takes x, name/);
    await refuses({ x: name, name }, /'x' is string: the model needs float32/);
    await refuses({ x: { ...x, dims: [2, 1] }, name }, /2 values\) but 1 values/);
    await refuses({ x: { ...x, dims: [1] }, name }, /needs \[any,1\]/);
  });
});
