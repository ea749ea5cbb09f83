/** Times our explanations of a peer's trees: <xgboost|lightgbm> <path|rows> <folder>. Prints JSON: seconds, largest difference. */
import { readFileSync } from "node:fs";
import { interventional } from "../../src/explanation/interventional.ts";
import { pathDependent } from "../../src/explanation/path-dependent.ts";
import { leafValues, rawOutputs, type TreeModel } from "../../src/explanation/tree-model.ts";

const [peer, kind, folder] = process.argv.slice(2) as [string, string, string];
const FEATURES = 28;
const BACKGROUND = 100;
const file = JSON.parse(readFileSync(`${folder}/${peer}.trees.json`, "utf8"));
const size: number = file.feature.length;
const trees: TreeModel = {
  ...{ outputs: 1, features: FEATURES, members: new Map(), base: new Float64Array(1) },
  roots: Int32Array.from(file.roots),
  feature: Int32Array.from(file.feature),
  yes: Int32Array.from(file.yes),
  no: Int32Array.from(file.no),
  mode: new Uint8Array(size).fill(file.mode),
  threshold: Float64Array.from(file.threshold, peer === "xgboost" ? Math.fround : Number),
  missingYes: Uint8Array.from(file.missingYes),
  cover: Float64Array.from(file.cover),
  firstWeight: Int32Array.from({ length: size + 1 }, (_, i) => i),
  target: new Int32Array(size),
  weight: Float64Array.from(file.value),
};
const array = <T>(name: string, from: (buffer: ArrayBuffer) => T): T => {
  const bytes = readFileSync(`${folder}/${name}`);
  return from(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer);
};
const x = array("x.f32", (buffer) => new Float32Array(buffer));
const theirs = array(`${peer}.f64`, (buffer) => new Float64Array(buffer));
const all = x.length / FEATURES;
const rows = kind === "path" ? all : all / 10;
const values = leafValues(trees, [1]);
const shap =
  kind === "path"
    ? pathDependent(trees)
    : interventional(trees, {
        rows: BACKGROUND,
        width: FEATURES,
        data: x.subarray(0, BACKGROUND * FEATURES),
      });

const phi = new Float64Array(rows * FEATURES);
function explain(): void {
  phi.fill(0);
  for (let i = 0; i < rows; i++)
    shap.add(values, x, i * FEATURES, phi.subarray(i * FEATURES, (i + 1) * FEATURES));
}
explain();
const [started, cpu] = [performance.now(), process.cpuUsage()];
explain();
const used = process.cpuUsage(cpu);
const wall = (performance.now() - started) / 1000;
let difference = 0;
let additive = 0;
for (let i = 0; i < rows; i++) {
  let sum = shap.base([1]);
  for (let f = 0; f < FEATURES; f++) {
    sum += phi[i * FEATURES + f]!;
    difference = Math.max(
      difference,
      Math.abs(phi[i * FEATURES + f]! - theirs[i * (FEATURES + 1) + f]!),
    );
  }
  additive = Math.max(additive, Math.abs(sum - rawOutputs(trees, x, i * FEATURES)[0]!));
}
const perRow = { wall: wall / rows, cpu: (used.user + used.system) / 1e6 / rows };
console.log(
  JSON.stringify({
    wall: perRow.wall * all,
    cpu: perRow.cpu * all,
    difference,
    additive,
    nodes: size,
  }),
);
