import { expect, test } from "vitest";
import { random } from "../../lib/random.ts";
import { trainerContract } from "../../testing/trainer-contract.ts";
import type { Bag, Design } from "../encoding/encoding.ts";
import { mlp } from "./mlp.ts";

// Full batches over all rows: then weights do what repeated rows do.
trainerContract(mlp, {
  params: { epochs: 40, batchSize: 32, hidden: [32, 16] },
  weightParams: { epochs: 3, batchSize: 10_000, holdOut: 0, hidden: [8] },
});

test("it learns what no linear model can: the product of two columns, and pairs of words", () => {
  const r = random("xor");
  const rows = 1500;
  const dense = Float32Array.from({ length: 2 * rows }, () => r.normal());
  const ids = Uint32Array.from({ length: 2 * rows }, () => r.int(2));
  for (let i = 0; i < rows; i++) ids[2 * i + 1]! += 2;
  const words: Bag = {
    name: "words",
    size: 4,
    offsets: Uint32Array.from({ length: rows + 1 }, (_, i) => 2 * i),
    ids,
    values: new Float32Array(2 * rows).fill(1),
  };
  const design = { rows, width: 2, dense, names: ["a", "b"], bags: [words] };
  const learns = (data: Design, target: Float64Array) => {
    const model = mlp.fit({
      design: data,
      target,
      task: "binary",
      classes: 2,
      params: mlp.params.parse({ learningRate: 0.003 }),
      seed: 1,
    });
    const { values } = model.predict(data);
    return target.reduce((n, y, i) => n + Number(values[i]! > 0.5 === (y === 1)), 0) / rows;
  };
  const product = Float64Array.from({ length: rows }, (_, i) =>
    Number(dense[2 * i]! * dense[2 * i + 1]! > 0),
  );
  expect(learns(design, product)).toBeGreaterThan(0.95);
  const pairs = Float64Array.from({ length: rows }, (_, i) =>
    Number(ids[2 * i]! + 2 === ids[2 * i + 1]!),
  );
  const textOnly = { ...design, width: 0, dense: new Float32Array(0), names: [] };
  expect(learns(textOnly, pairs)).toBeGreaterThan(0.95);
});
