import { MillwrightError } from "../../errors.ts";
import type { Datatype } from "../inference.ts";

/** What values of one datatype look like. `bytes` is the size of one, 0 when it differs. */
export interface DatatypeSpec {
  readonly kind: "float" | "integer" | "bool" | "text";
  readonly bytes: number;
  readonly low: number;
  readonly high: number;
}

const integer = (bytes: number, signed: boolean): DatatypeSpec => {
  const span = 2 ** (8 * bytes);
  return {
    ...{ kind: "integer", bytes },
    ...(signed ? { low: -span / 2, high: span / 2 - 1 } : { low: 0, high: span - 1 }),
  };
};
const float = (bytes: number): DatatypeSpec => ({ kind: "float", bytes, low: 0, high: 0 });

export const DATATYPE_SPECS: Readonly<Record<Datatype, DatatypeSpec>> = {
  BOOL: { kind: "bool", bytes: 1, low: 0, high: 1 },
  UINT8: integer(1, false),
  UINT16: integer(2, false),
  UINT32: integer(4, false),
  UINT64: integer(8, false),
  INT8: integer(1, true),
  INT16: integer(2, true),
  INT32: integer(4, true),
  INT64: integer(8, true),
  FP16: float(2),
  FP32: float(4),
  FP64: float(8),
  BYTES: { kind: "text", bytes: 0, low: 0, high: 0 },
};

/** More axes than any model has. */
const MAX_RANK = 32;
/** A tensor without values may claim no more of its other axes than this: what it claims may be made. */
const MAX_EMPTY = 100_000;

/** How many values a shape stands for. Nothing is made of that size before the values are there. Throws `invalid_input`. */
export function elementsOf(name: string, shape: readonly unknown[]): number {
  if (shape.length > MAX_RANK) throw wrong(name, "shape", `a list of at most ${MAX_RANK} sizes`);
  let elements = 1;
  let claimed = 1;
  for (const size of shape) {
    if (!Number.isSafeInteger(size) || (size as number) < 0)
      throw wrong(name, "shape", "a list of sizes: whole numbers, 0 or more");
    elements *= size as number;
    claimed *= size === 0 ? 1 : (size as number);
  }
  if (claimed > Number.MAX_SAFE_INTEGER)
    throw wrong(name, "shape", `sizes whose product is at most ${Number.MAX_SAFE_INTEGER}`);
  if (elements === 0 && claimed > MAX_EMPTY)
    throw wrong(name, "shape", `at most ${MAX_EMPTY} along the other axes when one is 0`);
  return elements;
}

export const isDatatype = (given: unknown): given is Datatype =>
  typeof given === "string" && Object.hasOwn(DATATYPE_SPECS, given);

/** An error about one field of one input tensor. */
export const wrong = (name: string, field: string, expected: string): MillwrightError =>
  new MillwrightError("invalid_input", `inputs.${name}.${field}: should be ${expected}`);
