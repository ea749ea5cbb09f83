import { describe, expect, test } from "vitest";
import { random } from "../lib/random.ts";
import { fromOutputs, toFeeds } from "../onnx/feeds.ts";
import { onnxRuntime } from "../runtime/onnxruntime.ts";
import { type Column, numberColumn, stringColumn, type Table } from "../table/table.ts";
import { fitCandidate } from "./candidate.ts";
import { exportOnnx } from "./export-onnx.ts";
import { TRAINERS } from "./trainers/all.ts";
import type { TrainingSpec } from "./training-spec.ts";

const ROWS = 400;
const PLACES = ["north", "south"];
/** The dearer, the larger and the better sold: left alone, a model says that sales rise with the price. Some prices are missing. */
function sales() {
  const rng = random(5);
  const size = Float64Array.from({ length: ROWS }, () => rng.normal());
  const price = size.map((s) => Math.exp(s + 0.5 * rng.normal()) * 100);
  const sold = price.map((p, i) => Math.log(p) + 0.5 * size[i]! + 0.5 * rng.normal());
  const shown = Array.from(price, (p, i) => (i % 9 === 0 ? Number.NaN : p));
  const place = stringColumn(Array.from(price, (_, i) => PLACES[i % 2]!));
  const columns: [string, Column][] = [
    ["size", numberColumn([...size])],
    ["price", numberColumn(shown)],
    ["place", place],
  ];
  return { table: { rows: ROWS, columns: new Map(columns) }, sold };
}

/** The same thing at 60 prices, from far below to far above those learned from. */
function shelf(): Table {
  const prices = Array.from({ length: 60 }, (_, i) => 1.35 ** i - 1000);
  const same = prices.map(() => 0.3);
  const columns: [string, Column][] = [
    ["size", numberColumn(same)],
    ["price", numberColumn(prices)],
    ["place", stringColumn(prices.map(() => "north"))],
  ];
  return { rows: prices.length, columns: new Map(columns) };
}

const PARAMS: Readonly<Record<string, object>> = { gbdt: { rounds: 40, patience: 0 } };
const keeping = TRAINERS.filter(({ monotone, name }) => monotone && name !== "baseline");

describe.each(keeping)("$name keeps what is monotone", ({ name, params }) => {
  test.each(["binary", "regression"] as const)("%s: in memory and in the file", async (task) => {
    const { table, sold } = sales();
    const target = task === "binary" ? sold.map((s) => Number(s > 4.6)) : sold;
    const scoresOf = async (monotone?: TrainingSpec["monotone"]) => {
      const spec = {
        ...{ task, target: "sold", classes: task === "binary" ? ["no", "yes"] : [], seed: 1 },
        columns: [
          { name: "size", role: "numeric" },
          { name: "price", role: "numeric" },
          { name: "place", role: "category" },
        ],
        ...(monotone ? { monotone } : {}),
      } as unknown as TrainingSpec;
      const candidate = {
        id: name,
        trainer: name,
        rank: 0,
        params: params.parse(PARAMS[name] ?? {}),
      };
      const rows = Uint32Array.from(target.keys());
      const fitted = fitCandidate(
        spec,
        candidate as Parameters<typeof fitCandidate>[1],
        { table, target, rows },
        { threads: 1, openTeam: undefined, signal: undefined },
      );
      const { onnx, signature } = exportOnnx(spec, fitted);
      const session = await (await onnxRuntime("native")).load(onnx);
      const told = fromOutputs(signature, await session.run(toFeeds(signature, shelf())));
      await session.close();
      return [fitted.model.predict(fitted.encoder.encode(shelf())).values, told.values] as const;
    };
    const rises = (values: ArrayLike<number>) =>
      Array.from({ length: values.length - 1 }, (_, i) => values[i + 1]! - values[i]!);
    for (const values of await scoresOf()) expect(Math.max(...rises(values))).toBeGreaterThan(1e-3);
    for (const values of await scoresOf({ price: -1, size: 1 }))
      expect(Math.max(...rises(values))).toBeLessThanOrEqual(0);
    for (const values of await scoresOf({ price: 1 })) {
      expect(Math.min(...rises(values))).toBeGreaterThanOrEqual(0);
      expect(Math.max(...rises(values))).toBeGreaterThan(1e-3);
    }
  });
});
