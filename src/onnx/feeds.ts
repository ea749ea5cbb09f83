import type { Scores } from "../lib/task.ts";
import { asNumbers, asStrings } from "../table/cast.ts";
import type { StringColumn, Table } from "../table/table.ts";
import { tokenCounter, tokenTable } from "../table/token-table.ts";
import { tableToFeeds } from "./graph-feeds.ts";
import { outputName, type Signature, type SignatureColumn, type TextSpec } from "./signature.ts";
import { type GraphTensor, type GraphTensors, numberAt } from "./tensor.ts";

/** Rows `from` (included) to `to` (excluded). */
export interface RowRange {
  readonly from: number;
  readonly to: number;
}

/**
 * Turns tables into the inputs of a model: the one implementation for evaluation, batch and online. Make it once per model,
 * it holds the vocabulary's index. Columns the table lacks are missing, columns the model does not know are left out.
 */
export type Feeder = (table: Table, range?: RowRange) => Record<string, GraphTensor>;

export function feeder(signature: Pick<Signature, "columns" | "graph">): Feeder {
  const { graph } = signature;
  if (graph)
    return (table, range = { from: 0, to: table.rows }) => tableToFeeds(graph, table, range);
  const columns = signature.columns.map(feedColumn);
  return (table, range = { from: 0, to: table.rows }) => {
    const feeds: Record<string, GraphTensor> = {};
    for (const feed of columns) feed(table, range, feeds);
    return feeds;
  };
}

const FEEDERS = new WeakMap<Pick<Signature, "columns" | "graph">, Feeder>();

/** `feeder`, kept per signature object. */
export function toFeeds(
  signature: Pick<Signature, "columns" | "graph">,
  table: Table,
  range?: RowRange,
): Record<string, GraphTensor> {
  let feed = FEEDERS.get(signature);
  if (feed === undefined) {
    feed = feeder(signature);
    FEEDERS.set(signature, feed);
  }
  return feed(table, range);
}

type FeedColumn = (table: Table, range: RowRange, feeds: Record<string, GraphTensor>) => void;

function feedColumn(column: SignatureColumn): FeedColumn {
  const { name } = column;
  if (column.role === "text") return feedText(name, column.text);
  return (table, { from, to }, feeds) => {
    const values = table.columns.get(name);
    const dims = [to - from, 1];
    if (column.role === "numeric") {
      const data = Float32Array.from(asNumbers(values, table.rows).subarray(from, to));
      feeds[name] = { type: "float32", dims, data };
    } else if (column.role === "time") {
      const data = asNumbers(values, table.rows).slice(from, to);
      feeds[name] = { type: "float64", dims, data };
    } else {
      const data = stringsOf(asStrings(values, table.rows), from, to);
      feeds[name] = { type: "string", dims, data };
    }
  };
}

function stringsOf({ codes, dictionary }: StringColumn, from: number, to: number): string[] {
  const data = new Array<string>(to - from);
  for (let i = from; i < to; i++) data[i - from] = codes[i]! < 0 ? "" : dictionary[codes[i]!]!;
  return data;
}

/** Ids of the tokens of `vocabulary` and their counts, padded with id 0 and count 0 to the row with most (at least one). */
function feedText(name: string, spec: TextSpec): FeedColumn {
  const count = tokenCounter(tokenTable(spec.vocabulary), spec);
  return (table, { from, to }, feeds) => {
    const texts = asStrings(table.columns.get(name), table.rows);
    const rows = to - from;
    const ends = new Int32Array(rows);
    let [ids, counts] = [new Int32Array(64 * rows), new Int32Array(64 * rows)];
    let [length, at] = [1, 0];
    for (let i = 0; i < rows; i++) {
      const code = texts.codes[from + i]!;
      const tokens = count(code < 0 ? "" : texts.dictionary[code]!);
      if (at + tokens.length > ids.length) {
        ids = larger(ids, at + tokens.length);
        counts = larger(counts, ids.length);
      }
      ids.set(tokens.ids.subarray(0, tokens.length), at);
      counts.set(tokens.counts.subarray(0, tokens.length), at);
      at += tokens.length;
      ends[i] = at;
      length = Math.max(length, tokens.length);
    }
    const idData = new BigInt64Array(rows * length);
    // Ids are small: writing their low words is ten times as fast as making a BigInt of each.
    const low = new Int32Array(idData.buffer);
    const countData = new Float32Array(rows * length);
    for (let i = 0, from = 0; i < rows; from = ends[i++]!)
      for (let p = from, to = i * length; p < ends[i]!; p++, to++) {
        low[2 * to] = ids[p]!;
        countData[to] = counts[p]!;
      }
    const dims = [rows, length];
    feeds[`${name}#ids`] = { type: "int64", dims, data: idData };
    feeds[`${name}#counts`] = { type: "float32", dims, data: countData };
  };
}

function larger(array: Int32Array, size: number): Int32Array<ArrayBuffer> {
  const more = new Int32Array(Math.max(size, 2 * array.length));
  more.set(array);
  return more;
}

/**
 * What a model said, from its output tensors. An imported model of the task `tensors` says no scores: a row then has the numbers
 * of all its outputs, in order, up to MOST_NUMBERS of them.
 */
export function fromOutputs(signature: Signature, outputs: GraphTensors): Scores {
  const { graph, task } = signature;
  if (task === "tensors") return allNumbers(outputs);
  const tensor = outputs[graph?.scores ?? outputName(signature)]!;
  const rows = tensor.dims[0]!;
  const data = tensor.type === "float16" ? halves(tensor) : (tensor.data as ArrayLike<number>);
  if (task !== "binary" || data.length === rows) {
    const width = rows === 0 ? 1 : data.length / rows;
    return { rows, width, values: Float64Array.from(data) };
  }
  const values = new Float64Array(rows);
  for (let i = 0; i < rows; i++) values[i] = data[2 * i + 1]!;
  return { rows, width: 1, values };
}

const halves = (tensor: GraphTensor): Float64Array =>
  Float64Array.from({ length: tensor.data.length }, (_, i) => numberAt(tensor, i));

/** A row whose outputs have more numbers (a picture) is logged without them. */
const MOST_NUMBERS = 4096;

function allNumbers(outputs: GraphTensors): Scores {
  const tensors = Object.values(outputs);
  const rows = tensors[0]?.dims[0] ?? 0;
  const numeric = tensors.filter(({ type }) => type !== "string");
  const widths = numeric.map(({ data }) => (rows === 0 ? 0 : data.length / rows));
  const all = widths.reduce((sum, width) => sum + width, 0);
  const width = all > MOST_NUMBERS ? 0 : all;
  const values = new Float64Array(rows * width);
  if (width === 0) return { rows, width, values };
  let column = 0;
  numeric.forEach((tensor, t) => {
    for (let i = 0; i < rows; i++)
      for (let k = 0; k < widths[t]!; k++)
        values[i * width + column + k] = numberAt(tensor, i * widths[t]! + k);
    column += widths[t]!;
  });
  return { rows, width, values };
}
