/**
 * Makes so many small models and the traffic for them.
 *   node dist/bench/serving-many.mjs <folder> <models> <Zipf exponent>
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { digestOf } from "../../src/lib/digest.ts";
import { random } from "../../src/lib/random.ts";
import { graph } from "../../src/onnx/graph.ts";
import type { Route } from "../../src/serving/route.ts";
import { fileBlobs } from "../../src/storage/blobs/files.ts";

const WIDTH = 8;
const HIDDEN = 32;
const CALLS = 100_000;
const AT_ONCE = 32;

const [folder = "", models = "10000", exponent = "1"] = process.argv.slice(2);
const rng = random("bench/serving/many");
const columns = Array.from({ length: WIDTH }, (_, j) => `f${j}`);

/** 8 → 32 → 2 classes: 6 KB, different weights each. */
function model(): Uint8Array {
  const g = graph();
  const layer = (from: string, inputs: number, outputs: number): string => {
    const weights = Array.from({ length: inputs * outputs }, () => rng.normal());
    return g.node("MatMul", [from, g.constant("float32", [inputs, outputs], weights)]);
  };
  const x = g.node(
    "Concat",
    columns.map((name) => g.input(name, "float32", ["N", 1])),
    { axis: 1 },
  );
  const hidden = g.node("Relu", [layer(x, WIDTH, HIDDEN)]);
  g.node("Softmax", [layer(hidden, HIDDEN, 2)], { axis: 1 }, { outputs: ["probability"] });
  g.output("probability", "float32", ["N", 2]);
  return g.encode({
    ...{ task: "binary", target: "y", classes: ["no", "yes"] },
    columns: columns.map((name) => ({ name, role: "numeric" })),
  });
}

const count = Number(models);
const blobs = fileBlobs(join(folder, "blobs"));
const routes: Route[] = [];
for (let i = 0; i < count; i += AT_ONCE) {
  const files = Array.from({ length: Math.min(AT_ONCE, count - i) }, model);
  const stored = await Promise.all(files.map((bytes) => blobs.put(bytes)));
  stored.forEach((onnx, k) => {
    const champion = { id: digestOf(`many ${i + k}`), number: 1, onnx };
    const rest = { shadow: undefined, fields: {}, revision: 1 };
    routes.push({ model: `m${i + k}`, champion, ...rest });
  });
}
mkdirSync(join(folder, "gateway"), { recursive: true });
writeFileSync(join(folder, "gateway", "routes.json"), JSON.stringify({ change: 1, routes }));

/** Zipf: the k-th model gets a share in proportion to k^-s. */
const sums = new Float64Array(count);
let sum = 0;
for (let k = 0; k < count; k++) {
  sum += (k + 1) ** -Number(exponent);
  sums[k] = sum;
}
function drawn(): number {
  const at = rng.next() * sum;
  let [low, high] = [0, count - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sums[middle]! < at) low = middle + 1;
    else high = middle;
  }
  return low;
}
const lines: string[] = [];
for (let i = 0; i < CALLS; i++) {
  const row = Object.fromEntries(
    columns.map((name) => [name, Math.round(rng.normal() * 1e4) / 1e4]),
  );
  lines.push(`/models/m${drawn()}/predict\t${JSON.stringify({ rows: [row] })}`);
}
writeFileSync(join(folder, "calls.txt"), `${lines.join("\n")}\n`);
