import { readFileSync } from "node:fs";
import type { GraphBinding, GraphType } from "../onnx/signature.ts";
import type { GraphTensor, GraphTensors } from "../onnx/tensor.ts";
import { filling } from "../onnx/tensor.ts";

/** The foreign models of test/data/onnx, with what onnxruntime 1.30 in Python said (expected.json there). */
const FOLDER = new URL("../../test/data/onnx/", import.meta.url);

interface Value {
  readonly type: string;
  readonly shape?: readonly number[];
  readonly data?: readonly (number | string)[];
  readonly rng?: string;
  readonly entries?: readonly (readonly [string | number, number])[];
  readonly items?: readonly Value[];
}

export interface ExpectedModel {
  readonly session_error?: string;
  readonly run_error?: string;
  readonly feed?: Readonly<Record<string, Value>>;
  readonly expect?: Readonly<Record<string, Value>>;
}

export const expectedModels = (): Readonly<Record<string, ExpectedModel>> =>
  JSON.parse(readFileSync(new URL("expected.json", FOLDER), "utf8"));

export const onnxModel = (file: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(file, FOLDER)));

/** The recorded feed as the inputs of the imported graph: maps as the tensors that replaced them. */
export function recordedFeeds(model: ExpectedModel, binding: GraphBinding): GraphTensors {
  return Object.fromEntries(
    binding.inputs.map(({ name, type, keys = [], shape }): [string, GraphTensor] => {
      const { data, entries, shape: dims = [1, keys.length], rng } = model.feed![name]!;
      const values =
        entries !== undefined
          ? keys.map((key) => entries.find(([k]) => k === key)?.[1] ?? 0)
          : (data ?? (rng === undefined ? [] : numpyRandom(dims.reduce((n, d) => n * d, 1))));
      const filled = filling(type as GraphType, values.length);
      for (let i = 0; i < values.length; i++) filled.set(i, values[i]!);
      return [name, filled.done(dims.length === 0 ? shape.map((d) => d ?? 1) : dims)];
    }),
  );
}

/** The recorded output as a flat list; lists of maps in the order of their keys. */
export function recordedOutput(
  value: Value,
  keys: readonly (string | number)[] = [],
): (number | string)[] {
  if (value.items)
    return value.items.flatMap(({ entries = [] }) =>
      keys.map((key) => entries.find(([k]) => k === key)?.[1] ?? Number.NaN),
    );
  return [...(value.data ?? [])];
}

/** `numpy.random.default_rng(42).random(size)` as float32: PCG64 (XSL-RR 128/64), the state numpy derives from the seed 42. */
function numpyRandom(size: number): number[] {
  let state = 274674114334540486603088602300644985544n;
  const step = 332724090758049132448979897138935081983n;
  return Array.from({ length: size }, () => {
    state = BigInt.asUintN(128, state * 0x2360ed051fc65da44385df649fccf645n + step);
    const mixed = BigInt.asUintN(64, (state >> 64n) ^ state);
    const turn = state >> 122n;
    const raw = BigInt.asUintN(64, (mixed >> turn) | (mixed << (64n - turn)));
    return Math.fround(Number(raw >> 11n) / 2 ** 53);
  });
}
