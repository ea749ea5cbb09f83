/**
 * One measured fit in a fresh process, or the data for it.
 *   generate <seed> <folder>                     writes x.f32 and y.f32
 *   gbdt|forest <threads> <folder>               trains, prints JSON: wall and CPU seconds, AUC on held-out rows
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { random } from "../../src/lib/random.ts";
import { threadTeam } from "../../src/testing/thread-team.ts";
import { forest } from "../../src/training/trainers/forest.ts";
import { gbdt } from "../../src/training/trainers/gbdt.ts";
import { gbdtMember } from "../../src/training/trees/boost-member.ts";
import { forestMember } from "../../src/training/trees/forest-member.ts";

const TRAIN = 100_000;
const HELD = 20_000;
const WIDTH = 28;

function generate(seed: string, folder: string): void {
  const rng = random(`bench/${seed}`);
  const rows = TRAIN + HELD;
  const x = Float32Array.from({ length: rows * WIDTH }, () => rng.normal());
  const y = new Float32Array(rows);
  for (let i = 0; i < rows; i++) {
    const at = (j: number) => x[i * WIDTH + j]!;
    const margin =
      Math.sin(2 * at(0)) + at(1) * at(2) + 0.5 * at(3) ** 2 - 0.5 + (at(4) > 0.5 ? at(5) : 0);
    const linear = 0.8 * at(6) - 0.6 * at(7) + 0.4 * at(8) + 0.3 * at(9) * at(10) + 0.2 * at(11);
    y[i] = rng.next() < 1 / (1 + Math.exp(-margin - linear)) ? 1 : 0;
  }
  // Every fourth column has missing values: one cell in ten.
  for (let i = 0; i < x.length; i++)
    if ((i % WIDTH) % 4 === 3 && rng.next() < 0.1) x[i] = Number.NaN;
  writeFileSync(join(folder, "x.f32"), new Uint8Array(x.buffer));
  writeFileSync(join(folder, "y.f32"), new Uint8Array(y.buffer));
}

function measure(algorithm: string, threads: number, folder: string): void {
  const x = floats(join(folder, "x.f32"));
  const y = Float64Array.from(floats(join(folder, "y.f32")));
  const part = (from: number, to: number) => ({
    rows: to - from,
    width: WIDTH,
    dense: x.subarray(from * WIDTH, to * WIDTH),
    names: Array.from({ length: WIDTH }, (_, j) => `x${j}`),
    bags: [],
  });
  const target = y.subarray(0, TRAIN);
  const common = { design: part(0, TRAIN), target, task: "binary", classes: 2, seed: 1 } as const;
  const openTeam =
    algorithm === "gbdt"
      ? threadTeam("src/training/trees/boost-member.ts", "gbdtMember", gbdtMember)
      : threadTeam("src/training/trees/forest-member.ts", "forestMember", forestMember);
  const cpu = process.cpuUsage();
  const started = performance.now();
  const input = threads > 1 ? { ...common, threads, openTeam } : common;
  const model =
    algorithm === "gbdt"
      ? gbdt.fit({ ...input, params: gbdt.params.parse({ rounds: 100, patience: 0, maxDepth: 6 }) })
      : forest.fit({
          ...input,
          params: forest.params.parse({ trees: 20, maxDepth: 12, minLeaf: 1 }),
        });
  const wall = (performance.now() - started) / 1e3;
  const used = process.cpuUsage(cpu);
  const { values } = model.predict(part(TRAIN, TRAIN + HELD));
  const auc = areaUnderCurve(values, y.subarray(TRAIN));
  console.log(JSON.stringify({ wall, cpu: (used.user + used.system) / 1e6, auc }));
}

function floats(file: string): Float32Array {
  const bytes = readFileSync(file);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

/** Mann-Whitney, ties counted half. */
function areaUnderCurve(scores: Float64Array, truth: Float64Array): number {
  const order = Uint32Array.from(scores, (_, i) => i).sort((a, b) => scores[a]! - scores[b]!);
  let [ranks, positives] = [0, 0];
  for (let i = 0; i < order.length; ) {
    let j = i;
    while (j < order.length && scores[order[j]!] === scores[order[i]!]) j++;
    for (let k = i; k < j; k++)
      if (truth[order[k]!] === 1) {
        ranks += (i + j + 1) / 2;
        positives++;
      }
    i = j;
  }
  return (ranks - (positives * (positives + 1)) / 2) / (positives * (truth.length - positives));
}

const [mode = "", first = "", folder = "."] = process.argv.slice(2);
if (mode === "generate") generate(first, folder);
else measure(mode, Number(first), folder);
