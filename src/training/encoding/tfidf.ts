import type { Graph } from "../../onnx/graph.ts";
import { asStrings } from "../../table/cast.ts";
import type { Table } from "../../table/table.ts";
import { tokenCounter, tokenTable } from "../../table/token-table.ts";
import type { TokenKinds } from "../../table/tokens.ts";
import type { Bag } from "./encoding.ts";
import { fitVocabulary } from "./vocabulary.ts";

/** One text column: (1 + log count) x idf for every token, each text to length 1. */
export function fitTfidf(name: string, training: Table, kinds?: TokenKinds) {
  const texts = asStrings(training.columns.get(name), training.rows);
  const vocabulary = fitVocabulary(texts, kinds);
  const { spec, idf } = vocabulary;
  const count = tokenCounter(tokenTable(spec.vocabulary), spec);

  /** The bag, and log(1 + known tokens) of each row. Every distinct text is read once. */
  const bag = (table: Table): { bag: Bag; tokens: Float32Array } => {
    const texts = asStrings(table.columns.get(name), table.rows);
    const used = new Uint8Array(texts.dictionary.length);
    for (const code of texts.codes) if (code >= 0) used[code] = 1;
    const entries = texts.dictionary.map((text, d) => (used[d] ? vectorOf(text) : EMPTY));
    const of = (i: number) => (texts.codes[i]! < 0 ? EMPTY : entries[texts.codes[i]!]!);
    const offsets = new Uint32Array(table.rows + 1);
    for (let i = 0; i < table.rows; i++) offsets[i + 1] = offsets[i]! + of(i).ids.length;
    const ids = new Uint32Array(offsets[table.rows]!);
    const values = new Float32Array(ids.length);
    const tokens = new Float32Array(table.rows);
    for (let i = 0; i < table.rows; i++) {
      ids.set(of(i).ids, offsets[i]!);
      values.set(of(i).values, offsets[i]!);
      tokens[i] = of(i).tokens;
    }
    return { bag: { name, size: idf.length, offsets, ids, values }, tokens };
  };
  const vectorOf = (text: string) => {
    const { ids, counts, length } = count(text);
    const values = new Float32Array(length);
    let [squares, tokens] = [0, 0];
    for (let p = 0; p < length; p++) {
      const value = (1 + Math.log(counts[p]!)) * idf[ids[p]!]!;
      values[p] = value;
      squares += value * value;
      tokens += counts[p]!;
    }
    const norm = Math.sqrt(squares);
    for (let p = 0; p < length; p++) values[p]! /= norm;
    return { ids: Uint32Array.from(ids.subarray(0, length)), values, tokens: Math.log(1 + tokens) };
  };
  return { vocabulary, bag, emit: (graph: Graph) => emitTfidf(graph, name, idf) };
}

const EMPTY = { ids: new Uint32Array(0), values: new Float32Array(0), tokens: 0 };

/** ids int64 [N,L], values float32 [N,L], tokens float32 [N,1]. Padding has id 0, whose idf is 0. */
function emitTfidf(graph: Graph, name: string, idf: Float32Array) {
  const ids = graph.input(`${name}#ids`, "int64", ["N", `${name}#tokens`]);
  const counts = graph.input(`${name}#counts`, "float32", ["N", `${name}#tokens`]);
  const one = graph.constant("float32", [], [1]);
  const axis = graph.constant("int64", [1], [1]);
  const frequency = graph.node("Add", [graph.node("Log", [graph.node("Max", [counts, one])]), one]);
  const rarity = graph.node("Gather", [graph.constant("float32", [idf.length], idf), ids]);
  const raw = graph.node("Mul", [frequency, rarity]);
  const norm = graph.node("ReduceL2", [raw, axis]);
  // A row with a token has a norm of at least 1.
  const values = graph.node("Div", [raw, graph.node("Max", [norm, one])]);
  const sum = graph.node("ReduceSum", [counts, axis]);
  return { ids, values, tokens: graph.node("Log", [graph.node("Add", [sum, one])]) };
}
