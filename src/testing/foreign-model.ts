import { ModelProto } from "../onnx/schema.ts";

/** ONNX files as other exporters would write them, for tests of the import. Objects are in the words of onnx.proto3. */

export const tensor = (elemType: number, shape: readonly (number | string)[]): object => ({
  tensorType: {
    elemType,
    shape: {
      dim: shape.map((d) => (typeof d === "number" ? { dimValue: d } : { dimParam: d })),
    },
  },
});

export const map = (keyType: number, valueType: object): object => ({
  mapType: { keyType, valueType },
});

export const sequence = (elemType: object): object => ({ sequenceType: { elemType } });

export function foreignModel(graph: object, model: object = {}): Uint8Array {
  const file = ModelProto.fromObject({
    irVersion: 8,
    producerName: "foreign",
    opsetImport: [
      { domain: "", version: 15 },
      { domain: "ai.onnx.ml", version: 3 },
      { domain: "my.ops", version: 1 },
    ],
    metadataProps: [{ key: "made by", value: "a test" }],
    ...model,
    graph: { name: "g", ...graph },
  });
  return ModelProto.encode(file).finish();
}
