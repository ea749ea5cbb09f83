import type { Graph } from "../../onnx/graph.ts";
import { ELEMENT } from "../../onnx/schema.ts";
import { asNumbers } from "../../table/cast.ts";
import type { Table } from "../../table/table.ts";
import { type Block, concat, type FittedBlock, type Training } from "./block.ts";

/** Standardised values beyond this many deviations say no more than "far outside". */
const LIMIT = 10;
/** Columns more skewed than this go through a logarithm when that makes them less so. */
const SKEWED = 2;

const columnsOf = (names: readonly string[]) =>
  names.map((name) => ({ name, role: "numeric" }) as const);

/** Raw numbers, as float32, as the graph gets them. */
const read = (table: Table, name: string): Float32Array =>
  Float32Array.from(asNumbers(table.columns.get(name), table.rows));

/** For trees: the numbers as they are, NaN = missing. */
export function rawNumbers(names: readonly string[], training: Training): FittedBlock {
  const block: Block = {
    columns: columnsOf(names),
    names,
    encode(table) {
      const width = names.length;
      const dense = new Float32Array(table.rows * width);
      names.forEach((name, j) => {
        const values = read(table, name);
        for (let i = 0; i < table.rows; i++) dense[i * width + j] = values[i]!;
      });
      return { dense, bags: [] };
    },
    emit: (graph) => ({ dense: concat(graph, inputs(graph, names)), bags: [] }),
  };
  return { block, encoded: block.encode(training.table) };
}

interface Scale {
  readonly median: number;
  readonly log: boolean;
  readonly mean: number;
  readonly inverse: number;
}

/** For linear models and networks: missing = median and an indicator column, skewed columns through a signed logarithm, then standardised. */
export function scaledNumbers(names: readonly string[], training: Training): FittedBlock {
  const scales: Scale[] = [];
  const indicated: number[] = [];
  names.forEach((name, j) => {
    const values = read(training.table, name);
    const present = values.filter((v) => !Number.isNaN(v));
    if (present.length < values.length) indicated.push(j);
    scales.push(scaleOf(present, values.length - present.length));
  });
  const block: Block = {
    columns: columnsOf(names),
    names: [...names, ...indicated.map((j) => `${names[j]}:missing`)],
    encode(table) {
      const width = names.length + indicated.length;
      const dense = new Float32Array(table.rows * width);
      names.forEach((name, j) => {
        const values = read(table, name);
        const at = indicated.indexOf(j);
        for (let i = 0; i < table.rows; i++) {
          const missing = Number.isNaN(values[i]);
          dense[i * width + j] = scaled(missing ? scales[j]!.median : values[i]!, scales[j]!);
          if (at >= 0 && missing) dense[i * width + names.length + at] = 1;
        }
      });
      return { dense, bags: [] };
    },
    emit: (graph) => ({ dense: emitScaled(graph, names, scales, indicated), bags: [] }),
  };
  return { block, encoded: block.encode(training.table) };
}

function scaleOf(present: Float32Array, missing: number): Scale {
  if (present.length === 0) return { median: 0, log: false, mean: 0, inverse: 0 };
  const median = present.slice().sort()[present.length >> 1]!;
  const plain = momentsOf(present);
  const logged = momentsOf(Float64Array.from(present, signedLog));
  const log =
    present.every((v) => v >= 0) &&
    plain.skewness > SKEWED &&
    Math.abs(logged.skewness) < plain.skewness;
  // The imputed rows count too: the standardised column has mean 0 and deviation 1 over the training rows.
  const { mean, deviation } = log ? logged : plain;
  const filled = (log ? signedLog(median) : median) - mean;
  const rows = present.length + missing;
  const shift = (missing * filled) / rows;
  const variance = (present.length * deviation ** 2 + missing * filled ** 2) / rows - shift ** 2;
  const usable = variance > 1e-14 * (mean ** 2 + 1e-20);
  return { median, log, mean: mean + shift, inverse: usable ? 1 / Math.sqrt(variance) : 0 };
}

function momentsOf(values: ArrayLike<number>): {
  mean: number;
  deviation: number;
  skewness: number;
} {
  const n = values.length;
  let mean = 0;
  for (let i = 0; i < n; i++) mean += values[i]! / n;
  let [second, third] = [0, 0];
  for (let i = 0; i < n; i++) {
    const d = values[i]! - mean;
    second += (d * d) / n;
    third += (d * d * d) / n;
  }
  const deviation = Math.sqrt(second);
  return { mean, deviation, skewness: second === 0 ? 0 : third / deviation ** 3 };
}

const signedLog = (x: number): number => Math.sign(x) * Math.log(1 + Math.abs(x));

function scaled(x: number, { log, mean, inverse }: Scale): number {
  if (inverse === 0) return 0;
  const z = ((log ? signedLog(x) : x) - mean) * inverse;
  return Math.max(-LIMIT, Math.min(LIMIT, z));
}

function inputs(graph: Graph, names: readonly string[]): string[] {
  return names.map((name) => graph.input(name, "float32", ["N", 1]));
}

function emitScaled(
  graph: Graph,
  names: readonly string[],
  scales: readonly Scale[],
  indicated: readonly number[],
): string {
  const row = (type: "float32" | "float64" | "bool", pick: (s: Scale) => number) =>
    graph.constant(type, [1, scales.length], scales.map(pick));
  const limit = (value: number) => graph.constant("float64", [], [value]);
  const raw = concat(graph, inputs(graph, names));
  const missing = graph.node("IsNaN", [raw]);
  const filled = graph.node("Where", [missing, row("float32", (s) => s.median), raw]);
  // In float64: a large mean and a small deviation would eat float32's digits.
  let x = graph.node("Cast", [filled], { to: ELEMENT.float64 });
  if (scales.some((s) => s.log)) {
    const size = graph.node("Log", [
      graph.node("Add", [graph.node("Abs", [x]), graph.constant("float64", [], [1])]),
    ]);
    const logged = graph.node("Mul", [graph.node("Sign", [x]), size]);
    x = graph.node("Where", [row("bool", (s) => Number(s.log)), logged, x]);
  }
  x = graph.node("Sub", [x, row("float64", (s) => s.mean)]);
  x = graph.node("Mul", [x, row("float64", (s) => s.inverse)]);
  x = graph.node("Min", [graph.node("Max", [x, limit(-LIMIT)]), limit(LIMIT)]);
  const values = graph.node("Cast", [x], { to: ELEMENT.float32 });
  if (indicated.length === 0) return values;
  const flags = graph.node("Cast", [missing], { to: ELEMENT.float32 });
  const chosen = graph.node(
    "Gather",
    [flags, graph.constant("int64", [indicated.length], indicated)],
    { axis: 1 },
  );
  return graph.node("Concat", [values, chosen], { axis: 1 });
}
