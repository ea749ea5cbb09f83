import { utf8ToBytes } from "@noble/hashes/utils.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MillwrightError } from "../../errors.ts";
import { readInferRequest } from "./grpc-request.ts";
import { decodeInfer } from "./infer-http.ts";

const x = (fields: object = {}) => ({
  name: "x",
  datatype: "FP32",
  shape: [1],
  data: [1],
  ...fields,
});
const json = (body: unknown): Uint8Array => utf8ToBytes(JSON.stringify(body));
const joined = (...parts: readonly Uint8Array[]) => new Uint8Array(parts.flatMap((p) => [...p]));

const refused = (call: () => unknown): string => {
  try {
    call();
  } catch (error) {
    expect(error).toBeInstanceOf(MillwrightError);
    expect((error as MillwrightError).status).toBeGreaterThanOrEqual(400);
    expect((error as MillwrightError).status).toBeLessThan(500);
    return (error as MillwrightError).message;
  }
  throw new Error("was not refused");
};

describe("JSON requests that are wrong are refused with the field named", () => {
  test.each<[string, object, string]>([
    ["no inputs", { inputs: [] }, "inputs"],
    ["inputs that are no list", { inputs: {} }, "inputs"],
    ["an input that is no object", { inputs: [null] }, "inputs[0]"],
    ["an id that is no text", { id: 1, inputs: [x()] }, "id"],
    ["no name", { inputs: [x({ name: "" })] }, "inputs[0].name"],
    ["the same name twice", { inputs: [x(), x()] }, "x is there twice"],
    ["an unknown datatype", { inputs: [x({ datatype: "FP8" })] }, "inputs.x.datatype"],
    ["a datatype of the prototype", { inputs: [x({ datatype: "toString" })] }, "inputs.x.datatype"],
    ["no shape", { inputs: [x({ shape: undefined })] }, "inputs.x.shape"],
    ["a negative size", { inputs: [x({ shape: [-1] })] }, "inputs.x.shape"],
    ["half a size", { inputs: [x({ shape: [1.5] })] }, "inputs.x.shape"],
    ["a size beyond 2^53", { inputs: [x({ shape: [2 ** 60] })] }, "inputs.x.shape"],
    ["a product beyond 2^53", { inputs: [x({ shape: [2 ** 40, 2 ** 40] })] }, "inputs.x.shape"],
    [
      "a product that wraps to 1",
      { inputs: [x({ shape: [2 ** 32, 2 ** 32, 2 ** 32, 2 ** 32] })] },
      "inputs.x.shape",
    ],
    ["a claim beside a 0", { inputs: [x({ shape: [2 ** 40, 0], data: [] })] }, "inputs.x.shape"],
    ["too many axes", { inputs: [x({ shape: Array(33).fill(1) })] }, "inputs.x.shape"],
    ["more than is there", { inputs: [x({ shape: [2 ** 50] })] }, "inputs.x.data"],
    ["no data", { inputs: [x({ data: undefined })] }, "inputs.x.data"],
    [
      "data nested otherwise",
      { inputs: [x({ shape: [2, 2], data: [[1, 2, 3], [4]] })] },
      "inputs.x.data",
    ],
    ["data nested too deep", { inputs: [x({ shape: [1, 1], data: [[[1]]] })] }, "inputs.x.data[0]"],
    ["text for a number", { inputs: [x({ data: ["1"] })] }, "inputs.x.data[0]"],
    [
      "a fraction for an integer",
      { inputs: [x({ datatype: "INT32", data: [1.5] })] },
      "inputs.x.data[0]",
    ],
    [
      "an integer out of range",
      { inputs: [x({ datatype: "UINT8", data: [256] })] },
      "from 0 to 255",
    ],
    ["an inexact integer", { inputs: [x({ datatype: "INT64", data: [2 ** 53] })] }, "beyond 2^53"],
    [
      "a wide integer out of range",
      { inputs: [x({ datatype: "INT64", data: ["9223372036854775808"] })] },
      "within INT64",
    ],
    ["a negative unsigned", { inputs: [x({ datatype: "UINT64", data: ["-1"] })] }, "within UINT64"],
    ["a number for text", { inputs: [x({ datatype: "BYTES" })] }, "inputs.x.data[0]"],
    ["a number for a boolean", { inputs: [x({ datatype: "BOOL" })] }, "inputs.x.data[0]"],
    ["parameters that are a list", { inputs: [x({ parameters: [] })] }, "inputs.x.parameters"],
    [
      "shared memory",
      { inputs: [x({ parameters: { shared_memory_region: "r" } })] },
      "shared memory",
    ],
    ["outputs that are no list", { inputs: [x()], outputs: {} }, "outputs"],
    ["an output without name", { inputs: [x()], outputs: [{}] }, "outputs[0].name"],
    [
      "an output twice",
      { inputs: [x()], outputs: [{ name: "a" }, { name: "a" }] },
      "a is asked for twice",
    ],
    [
      "bytes without header",
      { inputs: [x({ data: undefined, parameters: { binary_data_size: 4 } })] },
      "binary_data_size",
    ],
  ])("%s", (_, body, text) => {
    expect(refused(() => decodeInfer(json(body), undefined))).toContain(text);
  });

  test("a body that is nothing, no JSON, or nested a million deep", () => {
    expect(refused(() => decodeInfer(undefined, undefined))).toContain("empty");
    expect(refused(() => decodeInfer(utf8ToBytes("{"), undefined))).toContain("not JSON");
    const deep = `{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":${"[".repeat(1e6)}${"]".repeat(1e6)}}]}`;
    expect(refused(() => decodeInfer(utf8ToBytes(deep), undefined))).toContain("inputs.x.data");
  });
});

describe("binary requests whose sizes lie are refused", () => {
  const head = (size: unknown, fields: object = {}) =>
    json({ inputs: [{ ...x(fields), data: undefined, parameters: { binary_data_size: size } }] });
  const send = (start: Uint8Array, bytes: readonly number[], length: unknown = start.length) =>
    refused(() => decodeInfer(joined(start, Uint8Array.from(bytes)), String(length)));

  test.each<[string, unknown, readonly number[], object, string]>([
    ["more bytes than there are", 8, [0, 0, 0, 0], {}, "4 are left"],
    ["negative", -4, [0, 0, 0, 0], {}, "binary_data_size"],
    ["a fraction", 3.5, [0, 0, 0, 0], {}, "binary_data_size"],
    ["text", "4", [0, 0, 0, 0], {}, "binary_data_size"],
    ["2^53", 2 ** 53, [0, 0, 0, 0], {}, "binary_data_size"],
    ["less than the shape", 4, [0, 0, 0, 0], { shape: [2] }, "8 bytes"],
    ["less than was sent", 4, [0, 0, 0, 0, 0], {}, "1 bytes after its last tensor"],
    ["a huge shape", 4, [0, 0, 0, 0], { shape: [2 ** 50] }, "inputs.x.data"],
    ["two for a boolean", 1, [2], { datatype: "BOOL" }, "0 or 1"],
    ["a text's length too large", 4, [255, 255, 255, 255], { datatype: "BYTES" }, "4294967295"],
    ["half a text's length", 2, [1, 0], { datatype: "BYTES" }, "end before"],
    ["fewer texts", 0, [], { datatype: "BYTES" }, "there are 0"],
    ["more texts", 8, [0, 0, 0, 0, 0, 0, 0, 0], { datatype: "BYTES" }, "there are more bytes"],
    ["no UTF-8", 5, [1, 0, 0, 0, 255], { datatype: "BYTES" }, "UTF-8"],
  ])("%s", (_, size, bytes, fields, text) => {
    expect(send(head(size, fields), bytes)).toContain(text);
  });

  test.each(["-1", "1e3", "", "99999999999999999999", "0x10", "1000000", " 3"])(
    "a header of %j",
    (length) => {
      expect(send(head(4), [0, 0, 0, 0], length)).toContain("Inference-Header-Content-Length");
    },
  );

  test("data and bytes at once", () => {
    const both = json({ inputs: [x({ parameters: { binary_data_size: 4 } })] });
    expect(send(both, [0, 0, 0, 0])).toContain("inputs.x.data");
  });

  test("one bare tensor that does not fit the model", () => {
    const bare = (bytes: number, inputs: object[]) =>
      refused(() => decodeInfer(new Uint8Array(bytes), "0", { inputs } as never));
    const input = { name: "x", datatype: "FP32", shape: [-1, 2] };
    expect(bare(12, [input])).toContain("whole rows");
    expect(bare(3, [input])).toContain("whole rows");
    expect(bare(8, [input, input])).toContain("takes 2");
    expect(bare(8, [{ ...input, shape: [-1, -1] }])).toContain("whole rows");
    expect(bare(8, [{ ...input, shape: [3] }])).toContain("whole rows");
    const { inputs } = decodeInfer(new Uint8Array(16), "0", { inputs: [input] } as never);
    expect(inputs[0]).toMatchObject({ shape: [2, 2] });
  });
});

describe("gRPC messages that are wrong are refused", () => {
  const field = (number: number, bytes: readonly number[] | Uint8Array) => [
    (number << 3) | 2,
    ...varint(bytes.length),
    ...bytes,
  ];
  const text = (number: number, value: string) => field(number, utf8ToBytes(value));
  const input = (...parts: number[][]) =>
    field(5, [...text(1, "x"), ...text(2, "FP32"), ...parts.flat()]);
  const read = (...parts: number[][]) =>
    refused(() => readInferRequest(Uint8Array.from([...text(1, "m"), ...parts.flat()])));

  function varint(value: number): number[] {
    const bytes: number[] = [];
    for (let rest = value; ; rest = Math.floor(rest / 128)) {
      if (rest < 128) return [...bytes, rest];
      bytes.push((rest % 128) | 128);
    }
  }

  test("messages that are cut, or are none", () => {
    const whole = Uint8Array.from([
      ...text(1, "m"),
      ...input(field(3, [1]), field(5, field(6, [0, 0, 128, 63]))),
    ]);
    expect(readInferRequest(whole).request.inputs[0]).toMatchObject({ data: [1] });
    for (let end = 4; end < whole.length; end++)
      expect(refused(() => readInferRequest(whole.slice(0, end)))).toMatch(/ModelInferRequest/);
    expect(refused(() => readInferRequest(new Uint8Array()))).toContain("inputs");
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          readInferRequest(bytes);
        } catch (error) {
          expect(error).toMatchObject({ name: "MillwrightError", code: "invalid_input" });
        }
      }),
    );
  });

  test("a part that says it is longer than the message", () => {
    expect(read([(5 << 3) | 2, 255, 255, 255, 255, 7])).toContain("longer than the message");
    expect(read([(5 << 3) | 2, 3, (1 << 3) | 2, 100, 0])).toMatch(/ModelInferRequest/);
  });

  test("many empty parts cost nothing before they are refused", () => {
    const many = Array.from({ length: 100_000 }, () => [(5 << 3) | 2, 0]).flat();
    expect(read(many)).toContain("more than 20000");
    const sizes = field(3, Array(1000).fill(1));
    expect(read(input(sizes))).toContain("more than 64");
  });

  test("shapes and values that do not fit", () => {
    expect(read(input(field(3, [255, 255, 255, 255, 255, 255, 255, 255, 255, 1])))).toContain(
      "shape",
    );
    expect(read(input(field(3, [...varint(2 ** 40), ...varint(2 ** 40)])))).toContain("product");
    expect(read(input(field(3, varint(2 ** 50))))).toContain("inputs.x");
    expect(read(input(field(3, [1]), field(5, field(7, Array(8).fill(0)))))).toContain(
      "fp64_contents",
    );
    expect(read(input(field(3, [1])), field(7, [0, 0]))).toContain("4 bytes");
    expect(read(input(field(3, [1])), field(7, [0]), field(7, [0]))).toContain(
      "one entry per input",
    );
  });
});
