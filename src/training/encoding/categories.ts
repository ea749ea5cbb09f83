import type { Graph } from "../../onnx/graph.ts";
import { ELEMENT } from "../../onnx/schema.ts";
import { asStrings } from "../../table/cast.ts";
import type { Table } from "../../table/table.ts";
import { type Block, concat, type EncodedBlock, type FittedBlock, type Training } from "./block.ts";
import { type TargetMeans, targetMeans } from "./target-means.ts";

/** Values seen in fewer rows are folded into id 0, with missing and unseen ones. */
const RARE = { tree: 5, smooth: 3 } as const;
const MAX_VALUES = 10_000;
/** Up to this many values a target mean has so little of each row in it that it needs no cross-fitting. */
const FEW_VALUES = 12;
const ROWS_PER_VALUE = 50;

/** A value's id is its index + 1; 0 = rare, unseen or missing. A missing value ("") that is not rare has its own id. */
interface Vocabulary {
  readonly name: string;
  readonly values: readonly string[];
  ids(table: Table): Uint32Array;
}

function vocabulary(name: string, table: Table, rare: number): Vocabulary {
  const column = asStrings(table.columns.get(name), table.rows);
  const { codes, dictionary } = column;
  // By code + 1, so that missing values come first; a value "" is the same.
  const found = new Uint32Array(dictionary.length + 1);
  for (let i = 0; i < codes.length; i++) found[codes[i]! + 1]! += 1;
  const counts = new Map([["", found[0]!]]);
  for (const [d, value] of dictionary.entries())
    if (found[d + 1]! > 0) counts.set(value, (counts.get(value) ?? 0) + found[d + 1]!);
  const values = [...counts]
    .filter(([, count]) => count >= rare)
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .slice(0, MAX_VALUES)
    .map(([value]) => value);
  const index = new Map(values.map((value, i) => [value, i + 1]));
  return {
    name,
    values,
    ids(rows) {
      const strings = asStrings(rows.columns.get(name), rows.rows);
      const ids = new Uint32Array(rows.rows);
      // By code + 1; only of values that occur: few rows may share a large dictionary.
      const known = new Int32Array(strings.dictionary.length + 1).fill(-1);
      for (let i = 0; i < rows.rows; i++) {
        const at = strings.codes[i]! + 1;
        if (known[at] === -1)
          known[at] = index.get(at === 0 ? "" : strings.dictionary[at - 1]!) ?? 0;
        ids[i] = known[at]!;
      }
      return ids;
    },
  };
}

const columnsOf = (names: readonly string[]) =>
  names.map((name) => ({ name, role: "category" }) as const);

/** int64 [N,1]. LabelEncoder with no keys is refused, so an empty vocabulary still gets one that never occurs. */
function emitIds(graph: Graph, { name, values }: Vocabulary): string {
  const keys = values.length === 0 ? ["\u0000"] : values;
  return graph.node(
    "LabelEncoder",
    [graph.input(name, "string", ["N", 1])],
    {
      keys_strings: { strings: keys },
      values_int64s: { ints: keys.map((_, i) => (values.length === 0 ? 0 : i + 1)) },
      default_int64: 0,
    },
    { domain: "ai.onnx.ml" },
  );
}

/** For linear models and networks: one bag a column, one id of value 1 a row. */
export function categoryBags(names: readonly string[], training: Training): FittedBlock {
  const vocabularies = names.map((name) => vocabulary(name, training.table, RARE.smooth));
  const block: Block = {
    columns: columnsOf(names),
    names: [],
    encode: (table) => ({
      dense: new Float32Array(0),
      bags: vocabularies.map((v) => ({
        name: v.name,
        size: v.values.length + 1,
        offsets: Uint32Array.from({ length: table.rows + 1 }, (_, i) => i),
        ids: v.ids(table),
        values: new Float32Array(table.rows).fill(1),
      })),
    }),
    emit(graph) {
      const ids = vocabularies.map((v) => emitIds(graph, v));
      const one = graph.node("Cast", [graph.node("Equal", [ids[0]!, ids[0]!])], {
        to: ELEMENT.float32,
      });
      return {
        bags: vocabularies.map((v, j) => ({
          ids: ids[j]!,
          values: one,
          size: v.values.length + 1,
        })),
      };
    },
  };
  return { block, encoded: block.encode(training.table) };
}

/** For trees: the smoothed mean of the target for each value (one column a class for multiclass), and the logarithm of its frequency. */
export function categoryMeans(names: readonly string[], training: Training): FittedBlock {
  const { rows } = training.table;
  const fitted = names.map((name) => {
    const values = vocabulary(name, training.table, RARE.tree);
    const ids = values.ids(training.table);
    const few = values.values.length <= FEW_VALUES && rows >= ROWS_PER_VALUE * values.values.length;
    const means = targetMeans(ids, values.values.length + 1, training);
    const suffixes = means.labels.map((label) => `${name}~${label}`);
    return { values, ids, few, means, names: few ? suffixes : [...suffixes, `${name}:frequency`] };
  });
  const tables = fitted.map(({ means, few, ids, values }) =>
    few ? means.values : withFrequency(means, ids, values.values.length + 1),
  );
  const widths = fitted.map((f) => f.names.length);
  const width = widths.reduce((sum, w) => sum + w, 0);
  const fill = (rows: number, idsOf: (j: number) => Uint32Array, leave: boolean): EncodedBlock => {
    const dense = new Float32Array(rows * width);
    let at = 0;
    fitted.forEach(({ means, few }, j) => {
      const ids = idsOf(j);
      const [w, from, own] = [widths[j]!, tables[j]!, means.labels.length];
      for (let i = 0; i < rows; i++) {
        for (let k = 0; k < w; k++) dense[i * width + at + k] = from[ids[i]! * w + k]!;
        if (leave && !few)
          for (let k = 0; k < own; k++) dense[i * width + at + k] = means.crossFitted[i * own + k]!;
      }
      at += w;
    });
    return { dense, bags: [] };
  };
  const block: Block = {
    columns: columnsOf(names),
    names: fitted.flatMap((f) => f.names),
    encode: (table) => fill(table.rows, (j) => fitted[j]!.values.ids(table), false),
    emit(graph) {
      const flat = graph.constant("int64", [1], [-1]);
      const parts = fitted.map(({ values }, j) => {
        const ids = graph.node("Reshape", [emitIds(graph, values), flat]);
        const shape = [values.values.length + 1, widths[j]!];
        return graph.node("Gather", [graph.constant("float32", shape, tables[j]!), ids]);
      });
      return { dense: concat(graph, parts), bags: [] };
    },
  };
  return { block, encoded: fill(rows, (j) => fitted[j]!.ids, true) };
}

/** A column more: log(1 + rows with this value). Values never seen alone (id 0) count as seen 0 times. */
function withFrequency(means: TargetMeans, ids: Uint32Array, size: number): Float32Array {
  const own = means.labels.length;
  const counts = new Float64Array(size);
  for (const id of ids) counts[id]! += 1;
  const table = new Float32Array(size * (own + 1));
  for (let id = 0; id < size; id++) {
    table.set(means.values.subarray(id * own, (id + 1) * own), id * (own + 1));
    table[id * (own + 1) + own] = id === 0 ? 0 : Math.log(1 + counts[id]!);
  }
  return table;
}
