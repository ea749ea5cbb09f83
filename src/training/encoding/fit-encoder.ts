import type { Abort } from "../../lib/abort.ts";
import { random } from "../../lib/random.ts";
import type { Target, Task } from "../../lib/task.ts";
import type { SignatureColumn } from "../../onnx/signature.ts";
import type { Table } from "../../table/table.ts";
import { type Block, concat, type EncodedBlock, type FittedBlock, type Training } from "./block.ts";
import { categoryBags, categoryMeans } from "./categories.ts";
import { timeCycles } from "./cycles.ts";
import type { Design, Encoder, EncodingStyle } from "./encoding.ts";
import { rawNumbers, scaledNumbers } from "./numbers.ts";
import { textBags, textScores } from "./texts.ts";
import { timeParts } from "./times.ts";

export type FeatureRole = Exclude<SignatureColumn["role"], "tensor">;

export interface FitEncoderInput {
  /** The training rows. */
  readonly table: Table;
  readonly columns: readonly { readonly name: string; readonly role: FeatureRole }[];
  /** One a row, no NaN. */
  readonly target: Target;
  readonly task: Task;
  /** Number of classes: 2 for binary, 0 for regression. */
  readonly classes: number;
  readonly style: EncodingStyle;
  readonly seed: number;
  /** Aborted: throws `cancelled` (texts of a large table take seconds). */
  readonly signal?: Abort | undefined;
}

const PARTS = 5;

type FitBlock = (names: readonly string[], training: Training) => FittedBlock;

const BLOCKS: Readonly<Record<EncodingStyle, Readonly<Record<FeatureRole, FitBlock>>>> = {
  tree: { numeric: rawNumbers, time: timeParts, category: categoryMeans, text: textScores },
  smooth: { numeric: scaledNumbers, time: timeCycles, category: categoryBags, text: textBags },
};
const ROLES: readonly FeatureRole[] = ["numeric", "time", "category", "text"];

/**
 * Learns how to encode `table`. `design` is the encoding of these rows to train on: features made from the target are
 * cross-fitted there (each row's from the other rows), so it is not what `encoder.encode(table)` gives.
 */
export function fitEncoder(input: FitEncoderInput): { encoder: Encoder; design: Design } {
  const { table, columns, target, task, classes, style, seed, signal } = input;
  const folds = foldsOf(target, task, seed);
  const training: Training = { table, target, task, classes, seed, folds, parts: PARTS, signal };
  const fitted = ROLES.flatMap((role) => {
    const names = columns.filter((column) => column.role === role).map((column) => column.name);
    return names.length === 0 ? [] : [BLOCKS[style][role](names, training)];
  });
  const blocks = fitted.map(({ block }) => block);
  const names = blocks.flatMap((block) => block.names);
  const signature = blocks.flatMap((block) => block.columns);
  const encoder: Encoder = {
    style,
    columns: columns.map(({ name }) => signature.find((column) => column.name === name)!),
    encode: (rows) =>
      assemble(
        rows.rows,
        blocks,
        blocks.map((block) => block.encode(rows)),
      ),
    emit(graph) {
      const emitted = blocks.map((block) => block.emit(graph));
      const dense = emitted.flatMap((block) => block.dense ?? []);
      return {
        dense: dense.length === 0 ? "" : concat(graph, dense),
        width: names.length,
        bags: emitted.flatMap((block) => block.bags),
      };
    },
  };
  const encoded = fitted.map((block) => block.encoded);
  return { encoder, design: assemble(table.rows, blocks, encoded) };
}

function assemble(
  rows: number,
  blocks: readonly Block[],
  encoded: readonly EncodedBlock[],
): Design {
  const names = blocks.flatMap((block) => block.names);
  const width = names.length;
  const dense = new Float32Array(rows * width);
  let at = 0;
  encoded.forEach((part, b) => {
    const own = blocks[b]!.names.length;
    for (let i = 0, from = 0; i < rows; i++)
      for (let k = 0; k < own; k++) dense[i * width + at + k] = part.dense[from++]!;
    at += own;
  });
  return { rows, width, dense, names, bags: encoded.flatMap((part) => part.bags) };
}

/** Which part each row is in: shuffled, and for classes dealt out class by class, so that every part has its share of each. */
function foldsOf(target: Target, task: Task, seed: number): Uint8Array {
  const order = new Uint32Array(target.length);
  for (let i = 0; i < order.length; i++) order[i] = i;
  random(seed).split("folds").shuffle(order);
  const folds = new Uint8Array(target.length);
  if (task === "regression") {
    for (let i = 0; i < order.length; i++) folds[order[i]!] = i % PARTS;
    return folds;
  }
  // Where the next row of each class stands when rows are in order of class.
  const places: number[] = [];
  for (const value of target) places[value] = (places[value] ?? 0) + 1;
  let before = 0;
  for (let k = 0; k < places.length; k++) {
    const rows = places[k] ?? 0;
    places[k] = before;
    before += rows;
  }
  for (const row of order) folds[row] = places[target[row]!]!++ % PARTS;
  return folds;
}
