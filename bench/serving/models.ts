/**
 * Makes what the servers serve and what they are asked: model files, one body a line, and a data folder for our gateway.
 *   node dist/bench/serving-models.mjs <folder> <folder with onnx/ of the imported models, or "">
 * A model is left out when its file is not there. Peers get the same graph, with its input as one matrix.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { digestOf } from "../../src/lib/digest.ts";
import { random } from "../../src/lib/random.ts";
import { graph } from "../../src/onnx/graph.ts";
import { importOnnx } from "../../src/onnx/import-onnx.ts";
import { ModelProto } from "../../src/onnx/schema.ts";
import type { Signature } from "../../src/onnx/signature.ts";
import type { Route } from "../../src/serving/route.ts";
import { fileBlobs } from "../../src/storage/blobs/files.ts";
import { type Column, numberColumn, stringColumn } from "../../src/table/table.ts";
import { fitEncoder } from "../../src/training/encoding/fit-encoder.ts";
import { linear } from "../../src/training/trainers/linear.ts";

type Cell = number | string;

/** A model and the rows it is asked, one list of cells a row (of an image: its pixels). */
interface Served {
  readonly name: string;
  /** As every peer runs it; undefined: its text has to be cut into words first, which only we do. */
  readonly raw: Uint8Array | undefined;
  /** As our gateway runs it. */
  readonly ours: Uint8Array;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  /** Name of the only input of `raw`. */
  readonly input: string;
  /** Shape of one row of it; [width] when left out. */
  readonly shape?: readonly number[];
}

const ROWS = 64;
const BATCHES = [1, 32];

/** 28 → 64 → 64 → 2 classes, seeded weights. */
function mlp(): Served {
  const g = graph();
  const rng = random("bench/serving/mlp");
  const layer = (from: string, inputs: number, outputs: number): string => {
    const scale = Math.sqrt(2 / inputs);
    const weights = Array.from({ length: inputs * outputs }, () => rng.normal() * scale);
    const bias = Array.from({ length: outputs }, () => rng.normal() * 0.1);
    const product = g.node("MatMul", [from, g.constant("float32", [inputs, outputs], weights)]);
    return g.node("Add", [product, g.constant("float32", [outputs], bias)]);
  };
  const columns = namesOf(28);
  const x = g.input("x", "float32", ["N", 28]);
  const one = g.node("Relu", [layer(x, 28, 64)]);
  const two = g.node("Relu", [layer(one, 64, 64)]);
  g.node("Softmax", [layer(two, 64, 2)], { axis: 1 }, { outputs: ["probabilities"] });
  g.output("probabilities", "float32", ["N", 2]);
  const raw = g.encode(binary(columns));
  const rows = numbers(28, () => rng.normal());
  return { name: "mlp", raw, ours: oursOf(raw, columns, ["0", "1"]), columns, rows, input: "x" };
}

/** The models of other people's making; their rows are near those their makers recorded. */
function imported(): Served[] {
  const rng = random("bench/serving/rows");
  const read = (file: string): Uint8Array | undefined => {
    try {
      return readFileSync(join(source, file));
    } catch {
      return undefined;
    }
  };
  const models: Served[] = [];
  const iris = read("logreg_iris.onnx");
  if (iris !== undefined) {
    const raw = anyRows(iris);
    const columns = namesOf(2);
    const rows = numbers(2, (j) => 4 + j + 2 * rng.next());
    models.push({
      name: "iris",
      raw,
      ours: oursOf(raw, columns),
      columns,
      rows,
      input: "float_input",
    });
  }
  const adult = read("gen_adult_lightgbm.onnx");
  if (adult !== undefined) {
    const columns = ["age", "education_num", "capital_gain", "capital_loss", "hours_per_week"];
    const make = [
      () => 17 + rng.int(60),
      () => 1 + rng.int(16),
      () => (rng.next() < 0.1 ? rng.int(20_000) : 0),
      () => (rng.next() < 0.05 ? rng.int(2500) : 0),
      () => 10 + rng.int(60),
    ];
    const rows = numbers(5, (j) => make[j]!());
    models.push({
      name: "adult",
      raw: adult,
      ours: oursOf(adult, columns),
      columns,
      rows,
      input: "X",
    });
  }
  const squeezenet = read("light_squeezenet.onnx");
  if (squeezenet !== undefined) {
    const shape = [3, 224, 224];
    const pixel = () => Math.round(rng.next() * 1000) / 1000;
    const rows = Array.from({ length: 4 }, () => Array.from({ length: 3 * 224 * 224 }, pixel));
    const common = { name: "squeezenet", raw: squeezenet, input: "data_0", columns: ["image"] };
    models.push({ ...common, ours: oursOf(squeezenet), rows, shape });
  }
  return models;
}

/** Words of a mail's subject, weighed and added up: made by our trainer from the mails of the example. */
function mailText(): Served {
  const [head, ...lines] = gunzipSync(readFileSync("examples/mail/data/mail.csv.gz"))
    .toString()
    .trim()
    .split("\n");
  const names = head!.split(",");
  const cells = lines
    .map((line) => (/"/.test(line) ? undefined : line.split(",")))
    .filter((row) => row !== undefined);
  const column = (name: string) => cells.map((row) => row[names.indexOf(name)] ?? "");
  const subjects = column("subject");
  const table = {
    rows: cells.length,
    columns: new Map<string, Column>([
      ["subject", stringColumn(subjects)],
      ["n_urls", numberColumn(column("n_urls").map(Number))],
    ]),
  };
  const target = Float64Array.from(column("is_spam"), (label) => Number(label === "yes"));
  const common = { target, task: "binary", classes: 2, seed: 1 } as const;
  const { encoder, design } = fitEncoder({
    ...common,
    table,
    columns: [
      { name: "subject", role: "text" },
      { name: "n_urls", role: "numeric" },
    ],
    style: linear.style,
  });
  const model = linear.fit({ ...common, design, params: linear.params.parse({ C: 10 }) });
  const g = graph();
  g.node("Identity", [model.emit(g, encoder.emit(g))], {}, { outputs: ["probability"] });
  g.output("probability", "float32", ["N", 2]);
  const ours = g.encode({
    task: "binary",
    target: "is_spam",
    classes: ["no", "yes"],
    columns: encoder.columns,
  });
  const rows = Array.from({ length: ROWS }, (_, i) => [subjects[i * 50]!, i % 5]);
  return { name: "text", raw: undefined, ours, columns: ["subject", "n_urls"], rows, input: "" };
}

const namesOf = (width: number): string[] => Array.from({ length: width }, (_, j) => `f${j}`);

/** Numbers that JSON and float32 write the same way. */
const numbers = (width: number, make: (column: number) => number): number[][] =>
  Array.from({ length: ROWS }, () =>
    Array.from({ length: width }, (_, j) => Math.round(make(j) * 1e4) / 1e4),
  );

const binary = (columns: readonly string[], classes = ["0", "1"]): Signature => ({
  task: classes.length === 2 ? "binary" : "multiclass",
  target: "y",
  classes,
  columns: columns.map((name) => ({ name, role: "numeric" })),
});

/** A file that was exported for exactly three rows, for any number; its list of maps cut off, which Node cannot fetch. */
function anyRows(file: Uint8Array): Uint8Array {
  const model = ModelProto.toObject(ModelProto.decode(file));
  model.graph.node = model.graph.node.filter(
    (node: { opType: string }) => node.opType !== "ZipMap",
  );
  for (const value of [...model.graph.input, ...model.graph.output]) {
    const dims = value.type.tensorType?.shape?.dim;
    if (dims !== undefined) dims[0] = { dimParam: "N" };
  }
  const used = new Set(model.graph.node.flatMap((node: { output: string[] }) => node.output));
  model.graph.output = model.graph.output.filter(
    (output: { name: string; type: { tensorType?: object } }) =>
      used.has(output.name) && output.type.tensorType !== undefined,
  );
  const scores = model.graph.node.at(-1).output[0];
  if (!model.graph.output.some((output: { name: string }) => output.name === scores))
    model.graph.output.push({
      name: scores,
      type: { tensorType: { elemType: 1, shape: { dim: [{ dimParam: "N" }, { dimValue: 3 }] } } },
    });
  return ModelProto.encode(ModelProto.fromObject(model)).finish();
}

/** As `millwright import` stores it. */
const oursOf = (
  raw: Uint8Array,
  columns?: readonly string[],
  classes?: readonly string[],
): Uint8Array => importOnnx(raw, { columns, classes }).onnx;

/** One body a line, in the words of each protocol. */
function writeBodies({ name, columns, rows, input, shape }: Served, batch: number): void {
  // Images are sent one by one: 32 of them would be 30 MB of JSON.
  if (shape !== undefined && batch > 1) return;
  const each = rows.map((_, i) =>
    Array.from({ length: batch }, (_, k) => rows[(i + k) % rows.length]!),
  );
  const write = (kind: string, make: (rows: readonly (readonly Cell[])[]) => unknown): void =>
    writeFileSync(
      join(folder, "bodies", `${name}.${batch}.${kind}.jsonl`),
      `${each.map((rows) => JSON.stringify(make(rows))).join("\n")}\n`,
    );
  const named = (row: readonly Cell[]) =>
    Object.fromEntries(columns.map((column, j) => [column, row[j]]));
  const tensor = (name: string, rows: readonly (readonly Cell[])[], shape?: readonly number[]) => ({
    name,
    shape: [rows.length, ...(shape ?? [rows[0]!.length])],
    datatype: typeof rows[0]![0] === "string" ? "BYTES" : "FP32",
    data: rows.flat(),
  });
  write("matrix", (rows) => ({ inputs: [tensor(input, rows, shape)] }));
  if (shape !== undefined) return;
  write("rows", (rows) => ({ rows: rows.map(named) }));
  write("columns", (rows) => ({
    inputs: columns.map((column, j) =>
      tensor(
        column,
        rows.map((row) => [row[j]!]),
      ),
    ),
  }));
  write("instances", (rows) => ({ inputs: rows }));
}

async function writeGateway(models: readonly Served[]): Promise<void> {
  const dataDir = join(folder, "gateway");
  mkdirSync(dataDir, { recursive: true });
  const blobs = fileBlobs(join(folder, "blobs"));
  const routes: Route[] = [];
  for (const { name, ours } of models) {
    const onnx = await blobs.put(ours);
    const champion = { id: digestOf(`bench ${name}`), number: 1, onnx };
    routes.push({ model: name, champion, shadow: undefined, fields: {}, revision: 1 });
  }
  writeFileSync(join(dataDir, "routes.json"), JSON.stringify({ change: 1, routes }));
}

const [folder = "", source = ""] = process.argv.slice(2);
mkdirSync(join(folder, "models"), { recursive: true });
mkdirSync(join(folder, "bodies"), { recursive: true });
const served = [mlp(), ...imported(), mailText()];
await writeGateway(served);
for (const model of served) {
  if (model.raw !== undefined)
    writeFileSync(join(folder, "models", `${model.name}.onnx`), model.raw);
  for (const batch of BATCHES) writeBodies(model, batch);
}
const list = served.map(({ name, raw, input, shape }) => ({
  ...{ name, input, peers: raw !== undefined },
  kinds: shape === undefined ? ["matrix", "rows", "instances"] : ["matrix"],
  batches: shape === undefined ? BATCHES : [1],
}));
writeFileSync(join(folder, "models.json"), JSON.stringify(list));
