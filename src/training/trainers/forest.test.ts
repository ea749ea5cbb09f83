import { describe, expect, test } from "vitest";
import { random } from "../../lib/random.ts";
import { threadTeam } from "../../testing/thread-team.ts";
import { digest, runModel, trainerContract } from "../../testing/trainer-contract.ts";
import { forestMember } from "../trees/forest-member.ts";
import { forest } from "./forest.ts";

const openTeam = threadTeam("src/training/trees/forest-member.ts", "forestMember", forestMember);

trainerContract(forest, {
  params: { trees: 20, maxDepth: 8 },
  weightParams: { bootstrap: false, columnSample: 1 },
  openTeam,
});

describe("forest", () => {
  const [rows, width, classes] = [6000, 10, 4];
  const rng = random(1);
  const dense = Float32Array.from({ length: rows * width }, () => rng.normal());
  for (let i = 0; i < rows; i++) if (i % 5 === 0) dense[i * width + 1] = Number.NaN;
  const names = Array.from({ length: width }, (_, j) => `x${j}`);
  const design = { rows, width, dense, names, bags: [] };
  const target = Float64Array.from({ length: rows }, (_, i) =>
    i % 5 === 0 ? 3 : Math.min(2, Math.max(0, Math.round(dense[i * width]! + 1))),
  );
  const learn = (trees: number, threads: number) =>
    forest.fit({
      ...{ design, target, task: "multiclass", classes, seed: 2, threads, openTeam },
      params: forest.params.parse({ trees, maxDepth: 9 }),
    });

  test("a tree draws so many rows at most, however many there are", () => {
    const bytes = (params: object) =>
      digest(
        forest.fit({
          ...{ design, target, task: "multiclass", classes, seed: 2, threads: 1 },
          params: forest.params.parse({ trees: 3, maxDepth: 9, ...params }),
        }),
        design,
        "multiclass",
        classes,
      );
    expect(bytes({ treeRows: 600 })).toBe(bytes({ rowSample: 0.1 }));
    expect(bytes({ treeRows: 6000 })).toBe(bytes({}));
  });

  test("real threads give the bytes of one", () => {
    const bytes = [1, 2, 3].map((n) => digest(learn(7, n), design, "multiclass", classes));
    expect(bytes[1]).toEqual(bytes[0]);
    expect(bytes[2]).toEqual(bytes[0]);
  });

  test("many classes and a class of missing values are told apart, in ONNX too", async () => {
    const model = learn(30, 1);
    const { values } = model.predict(design);
    const guess = (scores: ArrayLike<number>, i: number) => {
      const row = Array.from({ length: classes }, (_, k) => scores[i * classes + k]!);
      return row.indexOf(Math.max(...row));
    };
    const right = target.filter((y, i) => guess(values, i) === y).length;
    expect(right / rows).toBeGreaterThan(0.95);
    const { data } = await runModel(model, design, "multiclass", classes);
    expect(Math.max(...values.map((v, i) => Math.abs(v - data[i]!)))).toBeLessThan(1e-5);
  });
});
