import { expect, test } from "vitest";
import { parse } from "yaml";
import { someVersion } from "../../testing/memory-stores.ts";
import { readMlModel } from "../../tracking/mlflow/mlmodel.ts";
import { mlmodelText } from "./mlmodel-text.ts";

const version = { ...someVersion("a"), number: 3 };
const columns = [
  { name: 'odd: "name"', role: "numeric" },
  { name: "city", role: "category" },
  { name: "at", role: "time" },
  { name: "subject", role: "text", text: { words: null, characters: null, vocabulary: [] } },
] as const;

test("the text is YAML that says where the ONNX file is and what the graph takes and gives", () => {
  const text = mlmodelText({ ...version, signature: { ...version.signature, columns } });
  const { signature, utc_time_created } = parse(text);
  expect(JSON.parse(signature.inputs)).toEqual([
    tensor('odd: "name"', "float32", [-1, 1]),
    tensor("city", "object", [-1, 1]),
    tensor("at", "float64", [-1, 1]),
    tensor("subject#ids", "int64", [-1, -1]),
    tensor("subject#counts", "float32", [-1, -1]),
  ]);
  expect(JSON.parse(signature.outputs)).toEqual([tensor("probability", "float32", [-1, 2])]);
  expect(utc_time_created).toBe("1970-01-01 00:00:00.000000");
  expect(readMlModel(text)).toMatchObject({ flavors: ["onnx"], onnx: "model.onnx" });
});

test("an imported model has its graph's own inputs and outputs", () => {
  const graph = {
    batch: null,
    inputs: [{ name: "X", type: "float64", shape: [null, 4], columns: ["a", "b", "c", "d"] }],
    outputs: [{ name: "label", type: "string", shape: [null] }],
  } as const;
  const { signature } = parse(
    mlmodelText({ ...version, signature: { ...version.signature, graph } }),
  );
  expect(JSON.parse(signature.inputs)).toEqual([tensor("X", "float64", [-1, 4])]);
  expect(JSON.parse(signature.outputs)).toEqual([tensor("label", "object", [-1])]);
});

const tensor = (name: string, dtype: string, shape: readonly number[]) => ({
  ...{ type: "tensor", name, "tensor-spec": { dtype, shape } },
});
