import type { GraphBinding, GraphType } from "./signature.ts";
import { filling, type GraphTensor, type GraphTensors } from "./tensor.ts";

/** How bold made-up values are: some graphs take anything, some only small indices, some nothing but zero. */
export const BOLDNESS = ["wide", "narrow", "zero"] as const;

export interface ExampleOptions {
  /** Row k of one call and of another are equal. */
  readonly rows: readonly number[];
  /** What dimensions are that the graph leaves open. */
  readonly open: number;
  readonly boldness: (typeof BOLDNESS)[number];
  /** Texts that the graph knows, by input. */
  readonly texts?: ReadonlyMap<string, readonly string[]>;
}

/** Made-up values with which a foreign graph is tried. */
export function exampleFeeds(binding: GraphBinding, options: ExampleOptions): GraphTensors {
  return Object.fromEntries(
    binding.inputs.map(({ name, type, shape, least = 0 }) => {
      const rest = (binding.whole ? shape : shape.slice(1)).map((d) =>
        d === null ? Math.max(options.open, least) : d,
      );
      const width = rest.reduce((size, d) => size * d, 1);
      const filled = filling(type, width * options.rows.length);
      const texts = options.texts?.get(name) ?? ["a", "b", "c"];
      options.rows.forEach((row, r) => {
        let state = (row * 40_503 + 12_345) >>> 0;
        for (let i = 0; i < width; i++) {
          state = (Math.imul(state ^ (state >>> 15), 2_246_822_519) + 374_761_393 + row) >>> 0;
          filled.set(r * width + i, madeUp(type, state, options.boldness, texts));
        }
      });
      return [name, filled.done([options.rows.length, ...rest])];
    }),
  );
}

function madeUp(
  type: GraphType,
  state: number,
  boldness: ExampleOptions["boldness"],
  texts: readonly string[],
): number | string {
  if (type === "string") return boldness === "zero" ? "" : texts[state % texts.length]!;
  if (boldness === "zero") return 0;
  const chance = state / 2 ** 32;
  if (type.startsWith("float"))
    return boldness === "narrow" ? chance : (chance - 0.5) * 20 ** ((state >>> 3) % 3);
  return boldness === "narrow" || type === "bool" ? (state >>> 7) & 1 : (state >>> 7) % 100;
}

/** Equal up to what computing rows in another order changes: 1e-5 + 1e-4 of the value. */
export function sameNumbers(a: GraphTensors, b: GraphTensors): boolean {
  return Object.entries(a).every(([name, one]) => {
    const other = b[name];
    if (other === undefined || one.data.length !== other.data.length) return false;
    return one.data.every((value: unknown, i: number) => {
      const [x, y] = [value, other.data[i]];
      if (typeof x !== "number" || typeof y !== "number") return x === y;
      if (one.type === "float16") return Math.abs(x - y) <= 16;
      return Object.is(x, y) || x === y || Math.abs(x - y) <= 1e-5 + 1e-4 * Math.abs(y);
    });
  });
}

/** Is every output of some row another than that of the first? Else comparing rows has shown nothing. */
export function rowsDiffer(outputs: GraphTensors): boolean {
  return Object.values(outputs).every(({ dims, data }: GraphTensor) => {
    const width = data.length / dims[0]!;
    return data.some((value: unknown, i: number) => !Object.is(value, data[i % width]));
  });
}
