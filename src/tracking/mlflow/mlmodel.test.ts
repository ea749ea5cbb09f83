import { describe, expect, test } from "vitest";
import { howToOnnx } from "./how-to-onnx.ts";
import { readMlModel } from "./mlmodel.ts";

const LOGGED = `
artifact_path: mlflow-artifacts:/0/models/m-1/artifacts
flavors:
  onnx:
    data: model.onnx
    providers:
    - CPUExecutionProvider
  python_function:
    data: model.onnx
    loader_module: mlflow.onnx
metadata:
  owner: sales
  millwright:
    classes:
    - 'no'
    - 'yes'
model_id: m-1
signature:
  inputs: '[{"type": "float", "name": "a", "required": true}, {"type": "float", "name":
    "b", "required": true}]'
  outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "int64", "shape": [-1]}}]'
  params: null
utc_time_created: '2026-11-29 08:31:23.648065'
`;

describe("MLmodel", () => {
  test("says the ONNX file, the columns in their order and what the author wishes", () => {
    expect(readMlModel(LOGGED)).toEqual({
      ...{ flavors: ["onnx"], onnx: "model.onnx", columns: ["a", "b"] },
      wishes: { classes: ["no", "yes"] },
    });
  });

  test("of tensors has no columns, and without a signature none either", () => {
    const tensor = `flavors: {onnx: {data: m.onnx}}\nsignature: {inputs: '[{"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 3]}}]'}`;
    expect(readMlModel(tensor).columns).toBeUndefined();
    expect(readMlModel("flavors: {onnx: {data: m.onnx}}").columns).toBeUndefined();
  });

  test("of another flavor names it", () => {
    const { flavors, onnx } = readMlModel(
      "flavors: {python_function: {}, sklearn: {pickled_model: model.pkl}}",
    );
    expect(onnx).toBeUndefined();
    expect(flavors).toEqual(["sklearn"]);
    expect(howToOnnx(flavors)).toMatch(/flavor sklearn.*never loaded.*to_onnx/s);
    expect(howToOnnx(["spacy"])).toMatch(/mlflow\.onnx\.log_model/);
    expect(howToOnnx(["constructor"])).toMatch(/mlflow\.onnx\.log_model/);
  });

  const bombs = `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nflavors: *b`;
  test.each([
    ["no YAML", "flavors: [", /MLmodel cannot be used/],
    ["no flavors", "run_id: 1", /flavors/],
    ["a text", "hello", /MLmodel cannot be used/],
    ["aliases that mean gigabytes", bombs, /MLmodel cannot be used/],
    ["a signature that is no JSON", "flavors: {}\nsignature: {inputs: '[{'}", /signature\.inputs/],
    [
      "a wish that does not exist",
      "flavors: {}\nmetadata: {millwright: {klasses: [a]}}",
      /metadata\.millwright/,
    ],
    ["null bytes", "flavors: \0", /MLmodel cannot be used/],
  ])("%s is refused in words", (_, text, words) => {
    expect(() => readMlModel(text)).toThrow(words);
  });
});
