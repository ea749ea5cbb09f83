import { type Graph, graph } from "../../src/onnx/graph.ts";
import type { GraphType, Signature, SignatureColumn } from "../../src/onnx/signature.ts";

/** Graphs with tensors of their own, as imported files have them. */

interface TensorOf {
  readonly name: string;
  readonly type: GraphType;
  /** Of one row. */
  readonly shape: readonly number[];
}

function tensorModel(
  inputs: readonly TensorOf[],
  outputs: readonly TensorOf[],
  body: (g: Graph) => void,
): Uint8Array {
  const g = graph();
  for (const { name, type, shape } of inputs) g.input(name, type as "float32", ["N", ...shape]);
  body(g);
  for (const { name, type, shape } of outputs) g.output(name, type as "float32", ["N", ...shape]);
  const signature: Signature = {
    ...{ task: "tensors", target: "", classes: [] },
    columns: inputs.map(({ name, shape }): SignatureColumn => ({ name, role: "tensor", shape })),
    graph: {
      batch: null,
      inputs: inputs.map(({ name, type, shape }) => ({
        ...{ name, type, shape: [null, ...shape], columns: [name] },
      })),
      outputs: outputs.map(({ name, type, shape }) => ({ name, type, shape: [null, ...shape] })),
    },
  };
  return g.encode(signature);
}

/** The model of Triton's own examples: sum and difference of two lists of 16 integers. */
export function simpleModel(): Uint8Array {
  const list = (name: string): TensorOf => ({ name, type: "int32", shape: [16] });
  return tensorModel([list("INPUT0"), list("INPUT1")], [list("OUTPUT0"), list("OUTPUT1")], (g) => {
    g.node("Add", ["INPUT0", "INPUT1"], {}, { outputs: ["OUTPUT0"] });
    g.node("Sub", ["INPUT0", "INPUT1"], {}, { outputs: ["OUTPUT1"] });
  });
}

/** Each tensor comes out as it went in: texts, wide integers, halves, truths, pictures. */
export function echoModel(): Uint8Array {
  const kinds: readonly TensorOf[] = [
    { name: "text", type: "string", shape: [2] },
    { name: "wide", type: "int64", shape: [2] },
    { name: "half", type: "float16", shape: [3] },
    { name: "truth", type: "bool", shape: [2] },
    { name: "double", type: "float64", shape: [2] },
    { name: "picture", type: "uint8", shape: [2, 2, 3] },
  ];
  return tensorModel(
    kinds,
    kinds.map((kind) => ({ ...kind, name: `${kind.name}_out` })),
    (g) => {
      for (const { name } of kinds) g.node("Identity", [name], {}, { outputs: [`${name}_out`] });
    },
  );
}
