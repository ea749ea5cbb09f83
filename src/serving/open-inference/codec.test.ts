import { utf8ToBytes } from "@noble/hashes/utils.js";
import fc from "fast-check";
import protobuf from "protobufjs/light.js";
import { describe, expect, test } from "vitest";
import { fromHalf, toHalf } from "../../lib/float16.ts";
import { utf8Text } from "../../lib/utf8.ts";
import {
  DATATYPES,
  type Datatype,
  type InferAnswer,
  type InferRequest,
  type Tensor,
  type TensorValues,
} from "../inference.ts";
import { DATATYPE_SPECS } from "./datatypes.ts";
import { inferResponse } from "./grpc-answer.ts";
import { CONTENTS, contentsOf } from "./grpc-contents.ts";
import { readInferRequest } from "./grpc-request.ts";
import { decodeMessage, encodeMessage } from "./grpc-schema.ts";
import { decodeInfer, encodeInfer, JSON_LENGTH } from "./infer-http.ts";
import { bytesOfTensor } from "./tensor-bytes.ts";

const shapes = fc.oneof(
  fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 4 }),
  fc.constantFrom([0], [3, 0], [0, 2]),
);

const array = (datatype: Datatype, values: readonly (number | bigint)[]): TensorValues => {
  const numbers = values as number[];
  if (datatype === "FP16") return Float32Array.from(numbers, (v) => fromHalf(toHalf(v)));
  if (datatype === "FP32") return Float32Array.from(numbers);
  if (datatype === "FP64") return Float64Array.from(numbers);
  if (datatype === "INT64") return BigInt64Array.from(values as bigint[]);
  if (datatype === "UINT64") return BigUint64Array.from(values as bigint[]);
  const sized = {
    ...{ INT8: Int8Array, INT16: Int16Array, INT32: Int32Array, UINT8: Uint8Array },
    ...{ UINT16: Uint16Array, UINT32: Uint32Array, BOOL: Uint8Array },
  };
  return sized[datatype as keyof typeof sized].from(numbers);
};

/** One value of a datatype, at its edges often. */
function value(datatype: Datatype): fc.Arbitrary<number | bigint | string> {
  const { kind, low, high } = DATATYPE_SPECS[datatype];
  if (datatype === "INT64") return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
  if (datatype === "UINT64") return fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
  if (kind === "text") return fc.string({ unit: "grapheme" });
  return kind === "float" ? fc.float({ noNaN: false }) : fc.integer({ min: low, max: high });
}

const tensor = (name: string): fc.Arbitrary<Tensor> =>
  fc.tuple(fc.constantFrom(...DATATYPES), shapes).chain(([datatype, shape]) => {
    const size = shape.reduce((product, d) => product * d, 1);
    return fc.array(value(datatype), { minLength: size, maxLength: size }).map((values) => ({
      ...{ name, datatype, shape },
      data: datatype === "BYTES" ? (values as string[]) : array(datatype, values as number[]),
    }));
  });

const tensors = fc
  .integer({ min: 1, max: 4 })
  .chain((count) => fc.tuple(...Array.from({ length: count }, (_, i) => tensor(`t${i}`))));

const ask = (inputs: readonly Tensor[], rest: Partial<InferRequest> = {}): InferRequest => ({
  ...{ id: undefined, parameters: {}, inputs, outputs: [], ...rest },
});
const say = (outputs: readonly Tensor[]): InferAnswer => ({
  ...{ model: "m", version: "1", id: "7", parameters: { variant: "champion" }, outputs },
});

/** What came out, value by value: -0 is 0 in JSON, and a float is what its type holds. */
const same = (got: readonly Tensor[], sent: readonly Tensor[]): void => {
  expect(got.map(({ name, datatype, shape }) => ({ name, datatype, shape }))).toEqual(
    sent.map(({ name, datatype, shape }) => ({ name, datatype, shape })),
  );
  got.forEach(({ data, datatype }, i) => {
    const wide = datatype === "INT64" || datatype === "UINT64";
    const plain = (values: TensorValues): unknown[] =>
      Array.from(values as ArrayLike<unknown>, (v) =>
        datatype === "BYTES" ? v : wide ? BigInt(v as number) : Number(v) + 0,
      );
    expect(plain(data)).toEqual(plain(sent[i]!.data));
  });
};

const shown = (v: unknown): string => (v instanceof Uint8Array ? utf8Text(v) : String(v));

/** An answer's JSON as a request of the same tensors, which has integers beyond 2^53 as text. */
const asRequest = (text: string): string =>
  text
    .replace(/^.*?"outputs":/s, '{"inputs":')
    .replace(/("datatype":"U?INT64"[^}]*?"data":)\[([^\]]+)\]/g, (_, head, list: string) => {
      const quoted = list.split(",").map((digits) => `"${digits}"`);
      return `${head}[${quoted.join(",")}]`;
    });

describe("tensors", () => {
  test("as bytes come back as they were", () => {
    fc.assert(
      fc.property(tensors, (outputs) => {
        const { body, headers, type } = encodeInfer(
          say(outputs),
          ask([], { parameters: { binary_data_output: true } }),
        );
        expect(type).toBe("application/octet-stream");
        const length = Number(headers![JSON_LENGTH]);
        const bytes = body as Uint8Array;
        const json = utf8ToBytes(asRequest(utf8Text(bytes.subarray(0, length))));
        const request = new Uint8Array([...json, ...bytes.subarray(length)]);
        same(decodeInfer(request, String(json.length)).inputs, outputs);
      }),
    );
  });

  test("as JSON come back as they were", () => {
    const plain = tensors.filter((list) => list.every(({ datatype }) => datatype !== "BYTES"));
    fc.assert(
      fc.property(plain, (outputs) => {
        const { body } = encodeInfer(say(outputs), ask([]));
        const text = body as string;
        expect(JSON.parse(text)).toMatchObject({ model_name: "m", model_version: "1", id: "7" });
        const nan = asRequest(text);
        same(decodeInfer(utf8ToBytes(nan), undefined).inputs, outputs);
      }),
    );
  });

  test("as texts in JSON come back as they were", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "grapheme" }), { minLength: 1 }), (data) => {
        const sent = { name: "t", datatype: "BYTES", shape: [data.length], data } as const;
        const { body } = encodeInfer(say([sent]), ask([]));
        expect(JSON.parse(body as string).outputs[0].data).toEqual(data);
        const text = JSON.stringify({ inputs: [sent] });
        same(decodeInfer(utf8ToBytes(text), undefined).inputs, [sent]);
      }),
    );
  });

  test("some as JSON and some as bytes, as each output asks", () => {
    const outputs: Tensor[] = ["a", "b", "c"].map((name) => ({
      ...{ name, datatype: "INT16", shape: [2], data: Int16Array.of(1, -1) },
    }));
    const { body, headers } = encodeInfer(
      say(outputs),
      ask([], {
        parameters: { binary_data_output: true },
        outputs: [
          { name: "a", parameters: { binary_data: false } },
          { name: "b", parameters: {} },
          { name: "c", parameters: { binary_data: true } },
        ],
      }),
    );
    const length = Number(headers![JSON_LENGTH]);
    const json = JSON.parse(utf8Text((body as Uint8Array).subarray(0, length)));
    expect(json.outputs.map((o: Tensor) => o.data ?? o.parameters)).toEqual([
      [1, -1],
      { binary_data_size: 4 },
      { binary_data_size: 4 },
    ]);
    expect([...(body as Uint8Array).subarray(length)]).toEqual([1, 0, 255, 255, 1, 0, 255, 255]);
  });

  test("through gRPC, raw and typed, come back as they were", () => {
    fc.assert(
      fc.property(tensors, fc.boolean(), (inputs, wantRaw) => {
        const raw = wantRaw || inputs.some(({ datatype }) => datatype === "FP16");
        same(readInferRequest(grpcRequest(inputs, raw)).request.inputs, inputs);
      }),
    );
  });

  test("in gRPC's answers are those of the model", () => {
    fc.assert(
      fc.property(tensors, fc.boolean(), (outputs, wantRaw) => {
        const bytes = encodeMessage("ModelInferResponse", inferResponse(say(outputs), wantRaw));
        const read = decodeMessage("ModelInferResponse", bytes) as {
          outputs: { name: string; shape: unknown[]; contents?: Record<string, unknown[]> }[];
          raw_output_contents: Uint8Array[];
        };
        const raw = wantRaw || outputs.some(({ datatype }) => datatype === "FP16");
        outputs.forEach((sent, i) => {
          const got = read.outputs[i]!;
          expect(got.name).toBe(sent.name);
          expect(got.shape.map(Number)).toEqual(sent.shape);
          if (raw) {
            expect([...read.raw_output_contents[i]!]).toEqual([...bytesOfTensor(sent)]);
            return;
          }
          const values = got.contents?.[CONTENTS[sent.datatype]!] ?? [];
          expect(values.map(shown)).toEqual(
            Array.from(contentsOf(sent)![CONTENTS[sent.datatype]!] as unknown[], shown),
          );
        });
      }),
    );
  });
});

test("a view of the body, not a copy, where the place of the bytes allows it", () => {
  const head = (size: number) =>
    JSON.stringify({
      inputs: [{ name: "x", datatype: "FP32", shape: [2], parameters: { binary_data_size: 8 } }],
      id: "i".repeat(size),
    });
  const lengths = [0, 1, 2, 3].map((pad) => head(pad).length);
  const pad = lengths.findIndex((length) => length % 4 === 0);
  for (const k of [pad, (pad + 1) % 4]) {
    const json = utf8ToBytes(head(k));
    const body = new Uint8Array(json.length + 8);
    body.set(json);
    body.set(new Uint8Array(Float32Array.of(1.5, -2).buffer), json.length);
    const [{ data }] = decodeInfer(body, String(json.length)).inputs as [Tensor];
    expect([...(data as Float32Array)]).toEqual([1.5, -2]);
    expect((data as Float32Array).buffer === body.buffer).toBe(k === pad);
  }
});

/** A ModelInferRequest as a client writes it. */
function grpcRequest(inputs: readonly Tensor[], raw: boolean): Uint8Array {
  return REQUEST.encode({
    model_name: "m",
    inputs: inputs.map((input) => ({
      ...{ name: input.name, datatype: input.datatype, shape: input.shape },
      ...(raw ? {} : { contents: contentsOf(input) }),
    })),
    ...(raw ? { raw_input_contents: inputs.map(bytesOfTensor) } : {}),
  }).finish();
}

const REQUEST = protobuf.Root.fromJSON({
  nested: {
    ModelInferRequest: {
      fields: {
        model_name: { type: "string", id: 1 },
        inputs: { rule: "repeated", type: "InferInputTensor", id: 5 },
        raw_input_contents: { rule: "repeated", type: "bytes", id: 7 },
      },
    },
    InferInputTensor: {
      fields: {
        name: { type: "string", id: 1 },
        datatype: { type: "string", id: 2 },
        shape: { rule: "repeated", type: "int64", id: 3 },
        contents: { type: "InferTensorContents", id: 5 },
      },
    },
    InferTensorContents: {
      fields: {
        bool_contents: { rule: "repeated", type: "bool", id: 1 },
        int_contents: { rule: "repeated", type: "int32", id: 2 },
        int64_contents: { rule: "repeated", type: "int64", id: 3 },
        uint_contents: { rule: "repeated", type: "uint32", id: 4 },
        uint64_contents: { rule: "repeated", type: "uint64", id: 5 },
        fp32_contents: { rule: "repeated", type: "float", id: 6 },
        fp64_contents: { rule: "repeated", type: "double", id: 7 },
        bytes_contents: { rule: "repeated", type: "bytes", id: 8 },
      },
    },
  },
}).lookupType("ModelInferRequest");
