import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MillwrightError } from "../errors.ts";
import { foreignModel, map, sequence, tensor } from "../testing/foreign-model.ts";
import { externalFiles } from "./external-data.ts";
import { importOnnx } from "./import-onnx.ts";
import { readMetadata, readModel } from "./model-file.ts";
import { readSignature } from "./read-signature.ts";
import { ModelProto } from "./schema.ts";
import { bytesField } from "./wire.ts";

const FOLDER = new URL("../../test/data/onnx/", import.meta.url);
const shipped = (file: string) => new Uint8Array(readFileSync(new URL(file, FOLDER)));

const zip = (from: string, to: string, labels: string[]) => ({
  ...{ opType: "ZipMap", domain: "ai.onnx.ml", input: [from], output: [to] },
  attribute: [{ name: "classlabels_strings", type: 8, strings: labels.map((l) => Buffer.from(l)) }],
});
const X = { name: "X", type: tensor(1, ["N", 2]) };
const zipped = (name: string) => ({ name, type: sequence(map(8, tensor(1, []))) });
const nodesOf = (onnx: Uint8Array) => readModel(onnx).graph.nodes.map(({ op }) => op);

describe("maps at the edge", () => {
  test("a ZipMap becomes the tensor in front of it, with its keys", () => {
    const file = foreignModel({
      node: [zip("X", "Z", ["no", "yes"])],
      input: [X],
      output: [zipped("Z")],
    });
    const { onnx, signature } = importOnnx(file);
    expect(nodesOf(onnx)).toEqual(["Identity"]);
    expect(signature).toMatchObject({ task: "binary", classes: ["no", "yes"], target: "Z" });
    expect(signature.graph!.outputs).toEqual([
      { name: "Z", type: "float32", shape: [null, 2], keys: ["no", "yes"] },
    ]);
    expect(readSignature(onnx)).toEqual(signature);
  });

  test("the tensor may be an output as well, and two ZipMaps may read it", () => {
    const node = [
      { opType: "Identity", input: ["X"], output: ["P"] },
      zip("P", "Z", ["a", "b"]),
      zip("P", "Y", ["c", "d"]),
    ];
    const output = [{ name: "P", type: tensor(1, ["N", 2]) }, zipped("Z"), zipped("Y")];
    const { onnx, signature } = importOnnx(foreignModel({ node, input: [X], output }));
    expect(nodesOf(onnx)).toEqual(["Identity", "Identity", "Identity"]);
    expect(signature.graph!.outputs.map(({ name, keys }) => [name, keys])).toEqual([
      ["P", undefined],
      ["Z", ["a", "b"]],
      ["Y", ["c", "d"]],
    ]);
  });

  test("a ZipMap that nobody reads is left out", () => {
    const node = [{ opType: "Identity", input: ["X"], output: ["P"] }, zip("P", "Z", ["a", "b"])];
    const output = [{ name: "P", type: tensor(1, ["N", 2]) }];
    expect(nodesOf(importOnnx(foreignModel({ node, input: [X], output })).onnx)).toEqual([
      "Identity",
    ]);
  });

  test("a map inside the graph is refused, naming both nodes", () => {
    const node = [
      { ...zip("X", "Z", ["a", "b"]), name: "zip" },
      { opType: "SequenceAt", name: "pick", input: ["Z", "X"], output: ["M"] },
    ];
    const output = [zipped("Z")];
    expect(() => importOnnx(foreignModel({ node, input: [X], output }))).toThrow(
      /node 'pick' \(SequenceAt\) reads what node 'zip' \(ZipMap\) makes/,
    );
  });

  test("a sequence of tensors becomes its parts; one that cannot is left out, or refused when it is all", () => {
    const parts = { opType: "SequenceConstruct", input: ["X", "X"], output: ["S"] };
    const S = { name: "S", type: sequence(tensor(1, ["N", 2])) };
    const { signature } = importOnnx(foreignModel({ node: [parts], input: [X], output: [S] }));
    expect(signature.graph!.outputs.map(({ name }) => name)).toEqual(["S.0", "S.1"]);
    const split = { opType: "SplitToSequence", input: ["X"], output: ["S"] };
    const also = { name: "X2", type: tensor(1, ["N", 2]) };
    const copy = { opType: "Identity", input: ["X"], output: ["X2"] };
    const { notes } = importOnnx(
      foreignModel({ node: [split, copy], input: [X], output: [S, also] }),
    );
    expect(notes.join()).toMatch(/output 'S' is left out: it is a list of tensors/);
    expect(() => importOnnx(foreignModel({ node: [split], input: [X], output: [S] }))).toThrow(
      /no output that is a tensor \('S' is a list of tensors\)/,
    );
  });

  test("a map as input becomes a tensor with its keys as columns; elsewhere it is refused", () => {
    const strings = ["size", "age"].map((s) => Buffer.from(s));
    const vectorize = {
      ...{ opType: "DictVectorizer", domain: "ai.onnx.ml", input: ["D"], output: ["Y"] },
      attribute: [{ name: "string_vocabulary", type: 8, strings }],
    };
    const D = { name: "D", type: map(8, tensor(7, [])) };
    const Y = { name: "Y", type: tensor(7, [1, 2]) };
    const { signature } = importOnnx(foreignModel({ node: [vectorize], input: [D], output: [Y] }));
    expect(signature.columns.map(({ name }) => name)).toEqual(["size", "age"]);
    expect(signature.graph!.inputs[0]).toMatchObject({ type: "int64", keys: ["size", "age"] });
    const cast = {
      ...{ opType: "CastMap", domain: "ai.onnx.ml", input: ["D"], output: ["Y"] },
      attribute: [
        { name: "map_form", type: 3, s: Buffer.from("SPARSE") },
        { name: "max_map", type: 2, i: 3 },
      ],
    };
    const ints = { name: "D", type: map(7, tensor(1, [])) };
    const casted = importOnnx(foreignModel({ node: [cast], input: [ints], output: [Y] }));
    expect(casted.signature.graph!.inputs[0]).toMatchObject({ shape: [null, 3], keys: [0, 1, 2] });
    const other = { opType: "Mystery", name: "m", input: ["D"], output: ["Y"] };
    expect(() => importOnnx(foreignModel({ node: [other], input: [D], output: [Y] }))).toThrow(
      /takes the map 'D' in node 'm' \(Mystery\)/,
    );
  });
});

describe("columns and task", () => {
  const two = foreignModel({
    node: [{ opType: "Softmax", input: ["X"], output: ["P"] }],
    input: [X],
    output: [{ name: "P", type: tensor(1, ["N", 2]) }],
  });
  test("columns are named after the input, or as one says", () => {
    expect(importOnnx(two).signature.columns.map(({ name }) => name)).toEqual(["X.0", "X.1"]);
    expect(importOnnx(two, { columns: ["a", "b"] }).signature.columns).toEqual([
      { name: "a", role: "numeric" },
      { name: "b", role: "numeric" },
    ]);
    expect(() => importOnnx(two, { columns: ["a"] })).toThrow(
      /1 column names, but the model takes 2 columns \(X: 2\)/,
    );
    expect(() => importOnnx(two, { columns: ["a", "a"] })).toThrow(
      /Two columns would be called "a"/,
    );
  });

  test("the positive class of two comes second", () => {
    const { signature, onnx } = importOnnx(two, { classes: ["good", "bad"], positive: "good" });
    expect(signature.classes).toEqual(["bad", "good"]);
    expect(nodesOf(onnx)).toEqual(["Softmax", "Constant", "Gather"]);
    expect(signature.graph!.outputs.map(({ name }) => name)).toEqual(["P"]);
    expect(() => importOnnx(two, { positive: "x" })).toThrow(
      /--positive x is none of the two classes/,
    );
    expect(() => importOnnx(two, { classes: ["a", "b", "c"] })).toThrow(
      /2 values a row, which does not fit/,
    );
    expect(() => importOnnx(two, { task: "regression" })).toThrow(/has 2 values a row/);
    expect(importOnnx(two, { task: "tensors" }).signature.task).toBe("tensors");
  });

  test("scores that are no probabilities get a softmax, when one says that they are classes", () => {
    const raw = foreignModel({
      node: [{ opType: "Gemm", input: ["X", "X"], output: ["P"] }],
      input: [X],
      output: [{ name: "P", type: tensor(1, ["N", 3]) }],
    });
    expect(importOnnx(raw).signature.task).toBe("tensors");
    const { signature, onnx, notes } = importOnnx(raw, { task: "multiclass" });
    expect(signature.classes).toEqual(["0", "1", "2"]);
    expect(nodesOf(onnx)).toEqual(["Gemm", "Softmax"]);
    expect(notes.join()).toMatch(/their softmax/);
  });

  test("inputs without an axis of rows in common make one row one run", () => {
    const file = foreignModel({
      node: [{ opType: "MatMul", input: ["A", "B"], output: ["C"] }],
      input: [
        { name: "A", type: tensor(1, [2, 3]) },
        { name: "B", type: tensor(1, [3, 4]) },
      ],
      output: [{ name: "C", type: tensor(1, [2, 4]) }],
    });
    const { signature } = importOnnx(file);
    expect(signature.graph).toMatchObject({ whole: true, batch: 1 });
    expect(signature.columns[0]).toEqual({ name: "A", role: "tensor", shape: [2, 3] });
  });
});

describe("what is kept", () => {
  test("fields, opsets and metadata that are not understood are copied byte by byte", () => {
    const file = foreignModel({
      node: [
        {
          ...{ opType: "Slice", input: ["X"], output: ["Y"] },
          attribute: [{ name: "ends", type: 7, ints: ["9223372036854775807"] }],
        },
      ],
      input: [X],
      output: [{ name: "Y", type: tensor(1, ["N", 2]) }],
    });
    // Field 200 of the model and 201 of its graph: of a newer format.
    const newer = Buffer.concat([file, Buffer.from([0xc2, 0x0c, 3, 1, 2, 3])]);
    const { onnx } = importOnnx(newer);
    expect(Buffer.from(onnx).includes(Buffer.from([0xc2, 0x0c, 3, 1, 2, 3]))).toBe(true);
    const decoded = ModelProto.toObject(ModelProto.decode(onnx), { longs: String }) as never as {
      graph: { node: { attribute: { ints: string[] }[] }[] };
    };
    expect(decoded.graph.node[0]!.attribute[0]!.ints).toEqual(["9223372036854775807"]);
    expect(readMetadata(onnx).get("made by")).toBe("a test");
  });

  test("importing what was imported gives the same file", () => {
    for (const file of [
      "logreg_iris.onnx",
      "gen_telco_lr_strings_zipmap.onnx",
      "mnist_cnn_cntk.onnx",
    ]) {
      const once = importOnnx(shipped(file));
      const twice = importOnnx(once.onnx);
      expect(twice.signature.columns).toEqual(once.signature.columns);
      expect(twice.onnx.length).toBeLessThanOrEqual(once.onnx.length);
    }
  });
});

describe("what is refused", () => {
  const graph = (more: object) => foreignModel({ node: [], input: [X], output: [], ...more });
  const inner = {
    ...{ opType: "If", input: ["X"], output: ["Y"] },
    attribute: [
      {
        name: "then_branch",
        type: 5,
        g: { node: [{ opType: "Blur", domain: "my.ops", name: "b" }] },
      },
    ],
  };
  const Y = { name: "Y", type: tensor(1, ["N", 2]) };
  const cases: readonly (readonly [string, Uint8Array, RegExp])[] = [
    ["no bytes", new Uint8Array(0), /holds no graph/],
    ["a picture", Buffer.from("\x89PNG\r\n\x1a\n00000000"), /no ONNX model|holds no graph/],
    ["no outputs", graph({}), /has no outputs/],
    ["no inputs", graph({ input: [], output: [Y] }), /takes no inputs/],
    ["two outputs of one name", graph({ output: [Y, Y] }), /two outputs called 'Y'/],
    [
      "a custom operator in a branch",
      graph({ node: [inner], output: [Y] }),
      /custom operator my\.ops:Blur \(node 'b' \(Blur\)\)/,
    ],
    [
      "a type of no tensor",
      graph({ input: [{ name: "O", type: { optionalType: {} } }], output: [Y] }),
      /takes 'O'/,
    ],
    [
      "float8",
      graph({ output: [{ name: "Y", type: tensor(17, ["N"]) }] }),
      /'Y', which is float8e4m3fn/,
    ],
    [
      "huge sizes",
      graph({ input: [{ name: "X", type: tensor(1, ["N", 1e6, 1e6, 1e6]) }], output: [Y] }),
      /values as input 'X'/,
    ],
  ];
  test.each(cases)("%s", (_, file, words) => {
    expect(() => importOnnx(file)).toThrow(words);
  });

  test("trees that look beyond the row they get: the runtime would read other memory", () => {
    const trees = (feature: number) => ({
      ...{ opType: "TreeEnsembleRegressor", domain: "ai.onnx.ml", input: ["X"], output: ["Y"] },
      attribute: [{ name: "nodes_featureids", type: 7, ints: [0, feature] }],
    });
    const file = (feature: number) => graph({ node: [trees(feature)], output: [Y] });
    expect(importOnnx(file(1)).signature.columns).toHaveLength(2);
    expect(() => importOnnx(file(7))).toThrow(/looks at column 8 of input 'X', which has 2/);
  });

  test("operators of functions that the file defines are its own", () => {
    const node = [{ opType: "Blur", domain: "my.ops", input: ["X"], output: ["Y"] }];
    const file = foreignModel(
      { node, input: [X], output: [Y] },
      { functions: [{ name: "Blur", domain: "my.ops" }] },
    );
    expect(importOnnx(file).signature.columns).toHaveLength(2);
  });
});

describe("weights in other files", () => {
  const W = (location: string, more: object[] = []) =>
    foreignModel({
      node: [{ opType: "Add", input: ["X", "W"], output: ["Y"] }],
      input: [X],
      output: [{ name: "Y", type: tensor(1, ["N", 2]) }],
      initializer: [
        {
          ...{ name: "W", dims: [2], dataType: 1, dataLocation: 1 },
          externalData: [{ key: "location", value: location }, ...more],
        },
      ],
    });
  test("are put inside", () => {
    const file = W("w.bin", [
      { key: "offset", value: "4" },
      { key: "length", value: "8" },
    ]);
    expect(externalFiles(readModel(file))).toEqual(["w.bin"]);
    const data = new Uint8Array(Float32Array.of(0, 1, 2, 3).buffer);
    const { onnx } = importOnnx(file, { external: new Map([["w.bin", data]]) });
    expect(externalFiles(readModel(onnx))).toEqual([]);
    expect(Buffer.from(onnx).includes(Buffer.from(Float32Array.of(1, 2).buffer))).toBe(true);
  });
  test.each([
    "../w.bin",
    "a/../../w.bin",
    "/etc/passwd",
    "C:\\w.bin",
    "a\\..\\w",
    "",
    "a\0b",
    "..",
  ])("%j is no place for them", (location) => {
    expect(() => externalFiles(readModel(W(location)))).toThrow(
      /only a file in the model's own folder/,
    );
    expect(() => importOnnx(W(location))).toThrow(MillwrightError);
  });
  test("a file that is not there, or too short, or another, is named", () => {
    expect(() => importOnnx(W("w.bin"))).toThrow(/in the file w\.bin, which is not there/);
    const short = new Map([["w.bin", new Uint8Array(4)]]);
    expect(() => importOnnx(W("w.bin"), { external: short })).toThrow(
      /has 4 bytes and the tensor needs 8/,
    );
    const odd = W("w.bin", [{ key: "offset", value: "-1" }]);
    expect(() => importOnnx(odd, { external: short })).toThrow(/offset "-1"/);
  });
});

describe("hostile files", () => {
  const fine = (file: Uint8Array): void => {
    try {
      importOnnx(file);
    } catch (error) {
      if (!(error instanceof MillwrightError)) throw error;
      expect(["invalid_model", "invalid_input"]).toContain(error.code);
    }
  };
  test("cut off at every byte", () => {
    for (const file of [
      "zipmap_stringfloat.onnx",
      "logreg_iris.onnx",
      "dictvectorizer_string.onnx",
    ]) {
      const bytes = shipped(file);
      for (let end = 0; end < bytes.length; end++) fine(bytes.subarray(0, end));
    }
  });
  test("with any byte changed", () => {
    const small = readdirSync(FOLDER).filter(
      (file) => file.endsWith(".onnx") && shipped(file).length < 3000,
    );
    fc.assert(
      fc.property(fc.constantFrom(...small), fc.nat(), fc.nat(255), (file, at, value) => {
        const bytes = shipped(file);
        bytes[at % bytes.length] = value;
        fine(bytes);
      }),
      { numRuns: 3000 },
    );
  });
  test("of random bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => fine(bytes)),
      { numRuns: 2000 },
    );
  });
  test("with graphs in graphs without end, and millions of nothing", () => {
    // A graph with a node with an attribute that is a graph.
    let nested: Uint8Array = new Uint8Array(0);
    for (let depth = 0; depth < 5000; depth++)
      nested = bytesField(1, bytesField(5, bytesField(6, nested)));
    expect(() => importOnnx(bytesField(7, nested))).toThrow(/16 deep/);
    const many = Buffer.alloc(2_000_000, Buffer.from([0x0a, 0x00]));
    const graph = Buffer.concat([Buffer.from([0x3a, 0x80, 0x89, 0x7a]), many]);
    expect(() => importOnnx(graph)).toThrow(/more than 500000 parts/);
    expect(() => importOnnx(many)).toThrow(/10000 entries|no ONNX model/);
  });
});
