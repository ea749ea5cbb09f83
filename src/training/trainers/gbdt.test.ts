import { describe, expect, test } from "vitest";
import { random } from "../../lib/random.ts";
import { threadTeam } from "../../testing/thread-team.ts";
import { encode, trainerContract } from "../../testing/trainer-contract.ts";
import { gbdtMember } from "../trees/boost-member.ts";
import { gbdt } from "./gbdt.ts";

const openTeam = threadTeam("src/training/trees/boost-member.ts", "gbdtMember", gbdtMember);

trainerContract(gbdt, { params: { rounds: 40, patience: 0, maxDepth: 4 }, openTeam });

describe("gbdt", () => {
  test("real threads give the bytes of one", () => {
    const [rows, width] = [12_000, 27];
    const rng = random(3);
    const dense = Float32Array.from({ length: rows * width }, () =>
      rng.next() < 0.05 ? Number.NaN : rng.normal(),
    );
    const target = Float64Array.from({ length: rows }, (_, i) =>
      (dense[i * width] || 0) + (dense[i * width + 1] || 0) * rng.normal() > 0 ? 1 : 0,
    );
    const names = Array.from({ length: width }, (_, j) => `x${j}`);
    const design = { rows, width, dense, names, bags: [] };
    const params = gbdt.params.parse({ rounds: 4, patience: 0, rowSample: 0.7 });
    const bytes = [1, 2, 3].map((threads) => {
      const model = gbdt.fit({
        ...{ design, target, task: "binary", classes: 2, params, seed: 5 },
        ...{ threads, openTeam },
      });
      return encode(model, design, "binary", 2);
    });
    expect(bytes[1]).toEqual(bytes[0]);
    expect(bytes[2]).toEqual(bytes[0]);
  });
});
