import { describe, expect, test } from "vitest";
import { graph } from "../onnx/graph.ts";
import { joinRuns, splitRuns } from "../onnx/row-runs.ts";
import { numberAt } from "../onnx/tensor.ts";
import { onnxRuntime } from "../runtime/onnxruntime.ts";
import type { Runtime, Session } from "../runtime/runtime.ts";
import {
  expectedModels,
  onnxModel,
  recordedFeeds,
  recordedOutput,
} from "../testing/onnx-models.ts";
import { tryGraph } from "./try-graph.ts";

const models = expectedModels();
const runnable = Object.entries(models).filter(([, model]) => model.feed !== undefined);

describe.each(["native", "wasm"] as const)("on the %s runtime", (flavour) => {
  test.each(runnable)("%s says what it says in Python", async (file, model) => {
    const runtime = await onnxRuntime(flavour);
    const { onnx, signature } = await tryGraph(
      { runtime },
      { bytes: onnxModel(file), options: {} },
    );
    const binding = signature.graph!;
    const session = await runtime.load(onnx);
    const feeds = recordedFeeds(model, binding);
    const first = Object.values(feeds)[0]!.dims[0]!;
    const rows = binding.whole ? 1 : first;
    const rowFeeds = binding.whole
      ? Object.fromEntries(
          Object.entries(feeds).map(([n, t]) => [n, { ...t, dims: [1, ...t.dims] }]),
        )
      : feeds;
    const runs = [];
    for (const run of splitRuns(binding, rowFeeds as never, rows))
      runs.push(await session.run(run));
    const outputs = joinRuns(binding, runs, rows);
    await session.close();
    for (const { name, keys } of binding.outputs) {
      const wanted = recordedOutput(model.expect![name]!, keys);
      const got = outputs[name]!;
      expect(got.data.length).toBe(wanted.length);
      wanted.forEach((value, i) => {
        if (typeof value === "string") expect(got.data[i]).toBe(value);
        else expect(numberAt(got, i)).toBeCloseTo(value, 4);
      });
    }
  });
});

const refused: readonly (readonly [string, RegExp])[] = [
  ["NEG_corrupt_protobuf.onnx", /damaged/],
  ["NEG_superres_needs_custom_ops.onnx", /custom operator com\.microsoft\.extensions:DecodeImage/],
  ["example_big_compute.onnx", /52,428,800 values as input 'Input'/],
  ["example_several_inputs_and_outputs.onnx", /'input 3', which is bfloat16/],
];

test.each(refused)(
  "%s is refused, naming what stands in the way and what to do",
  async (file, words) => {
    const runtime = await onnxRuntime("native");
    await expect(tryGraph({ runtime }, { bytes: onnxModel(file), options: {} })).rejects.toThrow(
      words,
    );
  },
);

/** They load where the locale en_US.UTF-8 is installed. */
test.each(["LOCALE_stringnormalizer.onnx", "LOCALE_tfidf_vectorizer_strings.onnx"])(
  "%s runs, or is refused with what to install",
  async (file) => {
    const runtime = await onnxRuntime("native");
    const told = await tryGraph({ runtime }, { bytes: onnxModel(file), options: {} }).then(
      ({ signature }) => signature.columns[0]!.name,
      (error: Error) => error.message,
    );
    expect(told).toMatch(/^(input|string_input)$|locale-gen en_US\.UTF-8/);
    const wasm = await onnxRuntime("wasm");
    const { signature } = await tryGraph(
      { runtime: wasm },
      { bytes: onnxModel(file), options: {} },
    );
    expect(signature.columns).toHaveLength(1);
  },
);

describe("scores that no operator calls probabilities", () => {
  const runtime = onnxRuntime("native");
  const graphOf = (end: (g: ReturnType<typeof graph>, x: string) => void): Uint8Array => {
    const g = graph();
    end(g, g.input("x", "float32", ["N", 1]));
    g.output("scores", "float32", ["N", 2]);
    return g.encode({ task: "tensors", target: "", classes: [], columns: [] });
  };
  const asked = async (bytes: Uint8Array) =>
    tryGraph({ runtime: await runtime }, { bytes, options: { classes: ["no", "yes"] } });

  test("are left as they are when runs show that they add up to 1", async () => {
    const made = await asked(
      graphOf((g, x) => {
        const yes = g.node("Sigmoid", [x]);
        const no = g.node("Sub", [g.constant("float32", [1], [1]), yes]);
        g.node("Concat", [no, yes], { axis: 1 }, { outputs: ["scores"] });
      }),
    );
    expect(made.signature).toMatchObject({ task: "binary", graph: { scores: "scores" } });
    expect(made.notes.join()).not.toMatch(/softmax/);
  });

  test("get a softmax, said in a note, when they do not", async () => {
    const made = await asked(
      graphOf((g, x) => {
        g.node("Concat", [g.node("Neg", [x]), x], { axis: 1 }, { outputs: ["scores"] });
      }),
    );
    expect(made.signature.graph?.scores).not.toBe("scores");
    expect(made.notes.join()).toMatch(/softmax/);
  });
});

test("a graph that leaves much open is tried only with rows that a request could hold", async () => {
  const runtime = await onnxRuntime("native");
  let largest = 0;
  const watched: Runtime = {
    ...runtime,
    async load(bytes) {
      const session = await runtime.load(bytes);
      const run: Session["run"] = (feeds) => {
        largest = Math.max(largest, feeds.x!.data.length);
        return session.run(feeds);
      };
      return { ...session, run };
    },
  };
  const g = graph();
  const x = g.input("x", "float32", ["N", "a", "b", "c"]);
  g.node(
    "MatMul",
    [x, g.constant("float32", [9, 1], new Array(9).fill(1))],
    {},
    { outputs: ["y"] },
  );
  g.output("y", "float32", ["N", "a", "b", 1]);
  const bytes = g.encode({ task: "tensors", target: "", classes: [], columns: [] });
  const { notes } = await tryGraph({ runtime: watched }, { bytes, options: {} });
  expect(notes.join()).toMatch(/did not run on made-up values/);
  expect(largest).toBe(8 * 32 ** 3);
});
