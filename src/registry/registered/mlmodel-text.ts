import {
  type GraphType,
  outputName,
  type Signature,
  type SignatureColumn,
} from "../../onnx/signature.ts";
import type { ModelVersion } from "../model-version.ts";

/** The ONNX file beside `MLmodel`. */
export const ONNX_FILE = "model.onnx";

/**
 * The file `MLmodel` of a version of ours, in MLflow's layout: flavors `onnx` and `python_function`, and the graph's own inputs
 * and outputs as a signature of tensors. `mlflow.onnx.load_model` and `mlflow.pyfunc.load_model` read it. Every value is written
 * as JSON, which is YAML.
 */
export function mlmodelText(version: ModelVersion): string {
  const { inputs, outputs } = tensorsOf(version.signature);
  const created = new Date(version.createdAt).toISOString().replace("T", " ").replace("Z", "000");
  const lines = [
    "flavors:",
    "  onnx:",
    "    code: null",
    `    data: ${ONNX_FILE}`,
    "    providers: [CUDAExecutionProvider, CPUExecutionProvider]",
    "  python_function:",
    `    data: ${ONNX_FILE}`,
    "    env: {}",
    "    loader_module: mlflow.onnx",
    "metadata:",
    `  millwright_version: ${JSON.stringify({ model: version.model, number: version.number, id: version.id })}`,
    "signature:",
    `  inputs: ${JSON.stringify(JSON.stringify(inputs.map(specOf)))}`,
    `  outputs: ${JSON.stringify(JSON.stringify(outputs.map(specOf)))}`,
    "  params: null",
    `utc_time_created: ${JSON.stringify(created)}`,
  ];
  return `${lines.join("\n")}\n`;
}

interface Tensor {
  readonly name: string;
  readonly type: GraphType;
  readonly shape: readonly (number | null)[];
}

/** As NumPy names them. */
const DTYPES: Readonly<Partial<Record<GraphType, string>>> = { string: "object" };

const specOf = ({ name, type, shape }: Tensor) => ({
  type: "tensor",
  name,
  "tensor-spec": { dtype: DTYPES[type] ?? type, shape: shape.map((size) => size ?? -1) },
});

/** What stands in the table of `signature.ts`. */
function tensorsOf(signature: Signature): {
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
} {
  const { graph, columns, classes, task } = signature;
  if (graph) return { inputs: graph.inputs, outputs: graph.outputs };
  const inputs = columns.flatMap(inputsOf);
  const width = task === "regression" ? 1 : classes.length;
  return {
    inputs,
    outputs: [{ name: outputName(signature), type: "float32", shape: [null, width] }],
  };
}

function inputsOf(column: SignatureColumn): readonly Tensor[] {
  const { name, role } = column;
  switch (role) {
    case "numeric":
      return [{ name, type: "float32", shape: [null, 1] }];
    case "category":
      return [{ name, type: "string", shape: [null, 1] }];
    case "time":
      return [{ name, type: "float64", shape: [null, 1] }];
    case "text":
      return [
        { name: `${name}#ids`, type: "int64", shape: [null, null] },
        { name: `${name}#counts`, type: "float32", shape: [null, null] },
      ];
    case "tensor":
      return [{ name, type: "float32", shape: [null, ...column.shape] }];
  }
}
