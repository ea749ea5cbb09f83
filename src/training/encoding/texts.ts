import { MillwrightError } from "../../errors.ts";
import { emitBagProduct } from "../linear/emit.ts";
import { type LinearFit, logistic } from "../linear/logistic.ts";
import { matrixOf } from "../linear/matrix.ts";
import { ridge } from "../linear/ridge.ts";
import { type Block, concat, type EncodedBlock, type FittedBlock, type Training } from "./block.ts";
import type { Bag } from "./encoding.ts";
import { fitTfidf } from "./tfidf.ts";
import type { Vocabulary } from "./vocabulary.ts";

const columnsOf = (names: readonly string[], vocabularies: readonly Vocabulary[]) =>
  names.map((name, j) => ({ name, role: "text", text: vocabularies[j]!.spec }) as const);

/** For linear models and networks: a bag of tf-idf values a column. */
export function textBags(names: readonly string[], training: Training): FittedBlock {
  const fitted = names.map((name) => fitTfidf(name, training.table));
  const block: Block = {
    columns: columnsOf(
      names,
      fitted.map((f) => f.vocabulary),
    ),
    names: [],
    encode: (table) => ({ dense: new Float32Array(0), bags: fitted.map((f) => f.bag(table).bag) }),
    emit: (graph) => ({
      bags: fitted.map((f) => ({ ...f.emit(graph), size: f.vocabulary.idf.length })),
    }),
  };
  return { block, encoded: block.encode(training.table) };
}

/** For trees: what a linear model of the text alone says, cross-fitted, and how long the text is. */
export function textScores(names: readonly string[], training: Training): FittedBlock {
  const outputs = training.task === "multiclass" ? training.classes : 1;
  const width = outputs + 1;
  const total = names.length * width;
  const columns = names.map((name) => {
    const text = fitTfidf(name, training.table);
    const { bag, tokens } = text.bag(training.table);
    return { ...text, ...fitScores(bag, training, outputs), tokens };
  });
  const write = (dense: Float32Array, at: number, scores: Float32Array, tokens: Float32Array) => {
    for (let i = 0; i < tokens.length; i++) {
      for (let k = 0; k < outputs; k++) dense[i * total + at + k] = scores[i * outputs + k]!;
      dense[i * total + at + outputs] = tokens[i]!;
    }
  };
  const assembled = (
    rows: number,
    each: (j: number) => { scores: Float32Array; tokens: Float32Array },
  ): EncodedBlock => {
    const dense = new Float32Array(rows * total);
    names.forEach((_, j) => {
      const { scores, tokens } = each(j);
      write(dense, j * width, scores, tokens);
    });
    return { dense, bags: [] };
  };
  const block: Block = {
    columns: columnsOf(
      names,
      columns.map((c) => c.vocabulary),
    ),
    names: names.flatMap((name) => [...scoreNames(name, outputs), `${name}:tokens`]),
    encode: (table) =>
      assembled(table.rows, (j) => {
        const { bag, tokens } = columns[j]!.bag(table);
        return { scores: scoresOf(bag, columns[j]!.model, outputs), tokens };
      }),
    emit: (graph) => {
      const parts = columns.flatMap((column) => {
        const { ids, values, tokens } = column.emit(graph);
        const { weights, intercepts } = column.model;
        const product = emitBagProduct(graph, { ids, values }, weights, outputs);
        const score = graph.node("Add", [
          product,
          graph.constant("float32", [1, outputs], intercepts),
        ]);
        return [score, tokens];
      });
      return { dense: concat(graph, parts), bags: [] };
    },
  };
  const encoded = assembled(training.table.rows, (j) => ({
    scores: columns[j]!.crossFitted,
    tokens: columns[j]!.tokens,
  }));
  return { block, encoded };
}

const scoreNames = (name: string, outputs: number): string[] =>
  outputs === 1
    ? [`${name}~score`]
    : Array.from({ length: outputs }, (_, k) => `${name}~score ${k}`);

/** Strength of the penalty of the score model; texts are vectors of length 1. */
const C = 4;
const ALPHA = 1;
/** A score is an input of another model: three digits are enough. */
const TOLERANCE = 1e-4;

function fitScores(bag: Bag, training: Training, outputs: number) {
  const rows = bag.offsets.length - 1;
  const { task, target, folds, parts, signal } = training;
  const stop = () => {
    if (signal?.aborted)
      throw new MillwrightError("cancelled", "reading the texts was stopped: cancelled");
  };
  const matrix = matrixOf({ rows, width: 0, dense: new Float32Array(0), names: [], bags: [bag] });
  const fit = (without: number): LinearFit => {
    const rowWeights = Float64Array.from(folds, (fold) => Number(fold !== without));
    return task === "regression"
      ? ridge(matrix, target, { alpha: ALPHA, rowWeights, tolerance: TOLERANCE, stop })
      : logistic(matrix, target, outputs, { C, rowWeights, tolerance: TOLERANCE, stop });
  };
  const crossFitted = new Float32Array(rows * outputs);
  for (let part = 0; part < parts; part++) {
    const scores = scoresOf(bag, fit(part), outputs);
    for (let i = 0; i < rows; i++)
      if (folds[i] === part)
        for (let k = 0; k < outputs; k++) crossFitted[i * outputs + k] = scores[i * outputs + k]!;
  }
  return { model: fit(-1), crossFitted };
}

/** rows x outputs. */
function scoresOf(
  { size, offsets, ids, values }: Bag,
  { weights, intercepts }: LinearFit,
  outputs: number,
): Float32Array {
  const rows = offsets.length - 1;
  const scores = new Float32Array(rows * outputs);
  for (let k = 0; k < outputs; k++)
    for (let i = 0; i < rows; i++) {
      let sum = intercepts[k]!;
      for (let p = offsets[i]!; p < offsets[i + 1]!; p++)
        sum += values[p]! * weights[k * size + ids[p]!]!;
      scores[i * outputs + k] = sum;
    }
  return scores;
}
