import type { Datatype, Tensor, TensorValues } from "../inference.ts";
import { DATATYPE_SPECS, wrong } from "./datatypes.ts";

/**
 * The values of one input tensor in JSON: flat, or nested as the shape says; `null` is a missing value. Floats may be the texts
 * "NaN", "Infinity" and "-Infinity"; 64-bit integers may be written as text, and beyond 2^53 must be, since a JSON number there is
 * not exact. A plain list of numbers is taken as it is, not copied. Throws `invalid_input` naming the value.
 */
export function readValues(
  name: string,
  datatype: Datatype,
  shape: readonly number[],
  elements: number,
  data: unknown,
): TensorValues {
  if (!Array.isArray(data)) throw wrong(name, "data", "a list of values");
  const values = Array.isArray(data[0]) ? flatten(name, data, shape) : data;
  if (values.length !== elements)
    throw wrong(
      name,
      "data",
      `${elements} values, as the shape [${shape}] says; there are ${values.length}`,
    );
  const { kind, bytes, low, high } = DATATYPE_SPECS[datatype];
  if (kind === "float") return floats(name, datatype, values);
  if (kind === "integer") return integers(name, datatype, values, bytes === 8, low, high);
  const wanted = kind === "text" ? "string" : "boolean";
  for (let i = 0; i < values.length; i++)
    if (values[i] !== null && typeof values[i] !== wanted)
      throw wrongValue(name, i, wanted, datatype);
  return values;
}

function floats(name: string, datatype: Datatype, values: readonly unknown[]): TensorValues {
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (typeof value === "number" || value === null) continue;
    if (!isWord(value)) throw wrongValue(name, i, "number", datatype);
    const read = values.map((v) => (isWord(v) ? WORDS[v] : v));
    return floats(name, datatype, read);
  }
  return values as number[];
}

/** As the JSON form of protocol buffers writes them. */
const WORDS = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  "-Infinity": Number.NEGATIVE_INFINITY,
} as const;
const isWord = (value: unknown): value is keyof typeof WORDS =>
  typeof value === "string" && Object.hasOwn(WORDS, value);

function integers(
  name: string,
  datatype: Datatype,
  values: readonly unknown[],
  wide: boolean,
  low: number,
  high: number,
): TensorValues {
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value === null) continue;
    if (wide && typeof value === "string") return wideIntegers(name, datatype, values);
    if (!Number.isInteger(value)) throw wrongValue(name, i, "whole number", datatype);
    if ((value as number) < low || (value as number) > high)
      throw wrong(
        name,
        `data[${i}]`,
        `from ${low} to ${high}, because the datatype is ${datatype}`,
      );
    if (wide && !Number.isSafeInteger(value))
      throw wrong(name, `data[${i}]`, "written as text: a JSON number beyond 2^53 is not exact");
  }
  return values as number[];
}

function wideIntegers(name: string, datatype: Datatype, values: readonly unknown[]): TensorValues {
  const list =
    datatype === "INT64" ? new BigInt64Array(values.length) : new BigUint64Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value === null)
      throw wrong(
        name,
        `data[${i}]`,
        "a whole number: lists with integers written as text have no missing values",
      );
    const whole =
      (typeof value === "string" && /^-?\d{1,20}$/.test(value)) || Number.isSafeInteger(value);
    if (!whole) throw wrongValue(name, i, "whole number", datatype);
    const exact = BigInt(value as string | number);
    list[i] = exact;
    if (list[i] !== exact) throw wrong(name, `data[${i}]`, `within ${datatype}`);
  }
  return list;
}

function flatten(name: string, data: readonly unknown[], shape: readonly number[]): unknown[] {
  const flat: unknown[] = [];
  const walk = (list: unknown, axis: number): void => {
    if (!Array.isArray(list) || axis === shape.length || list.length !== shape[axis])
      throw wrong(name, "data", `a flat list, or nested as the shape [${shape}] says`);
    for (const inner of list)
      if (axis === shape.length - 1) flat.push(inner);
      else walk(inner, axis + 1);
  };
  walk(data, 0);
  return flat;
}

const wrongValue = (name: string, i: number, kind: string, datatype: Datatype) =>
  wrong(name, `data[${i}]`, `a ${kind}, because the datatype is ${datatype}`);

/** Whether JSON.stringify can write the values: it cannot write wide integers, of which JSON itself has any number of digits. */
export const isWide = ({ data }: Tensor): boolean =>
  data instanceof BigInt64Array || data instanceof BigUint64Array;

/** The values of an output for JSON.stringify; floats without a JSON form as the texts "NaN", "Infinity" and "-Infinity". */
export function jsonValues({ datatype, data }: Tensor): readonly unknown[] {
  if (DATATYPE_SPECS[datatype].kind === "float" && !allFinite(data))
    return Array.from(data as ArrayLike<unknown>, (v) => (typeof v === "number" ? number(v) : v));
  if (Array.isArray(data)) return data;
  if (datatype === "BOOL") return Array.from(data as Uint8Array, Boolean);
  const values: unknown[] = [];
  // Array.from takes ten times as long for a few.
  for (let i = 0; i < data.length; i++) values.push(data[i]);
  return values;
}

/** The values of an output as JSON text, every digit of wide integers. */
export const valuesText = (tensor: Tensor): string =>
  isWide(tensor)
    ? `[${(tensor.data as BigInt64Array).join(",")}]`
    : JSON.stringify(jsonValues(tensor));

function allFinite(values: ArrayLike<unknown>): boolean {
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (typeof value === "number" && !Number.isFinite(value)) return false;
  }
  return true;
}

const number = (value: number): number | string => (Number.isFinite(value) ? value : String(value));
