import { describe, expect, test } from "vitest";
import type { Explanation } from "./explanation.ts";
import { reasonsOf } from "./reasons.ts";

const base: Explanation = {
  ...{ base: -3, said: 1, unit: "log-odds", of: "spam", method: "tree", error: 0, runs: 0 },
  background: { kind: "training", rows: 100 },
  contributions: [
    { column: "sender_domain", value: "evil.example", contribution: 1.8 },
    { column: "subject", value: "free prize", contribution: 1.25, words: ["free", "prize"] },
    { column: "urls", value: null, contribution: -0.9 },
    { column: "size", value: 7, contribution: 0.5 },
  ],
};

describe("reasons", () => {
  test("are the three strongest, each with its direction and amount", () => {
    expect(reasonsOf(base, "kind")).toEqual([
      'sender_domain = "evil.example" speaks for spam (+1.8 log-odds)',
      'the words "free", "prize" in subject speak for spam (+1.25 log-odds)',
      "that urls is missing speaks against spam (−0.9 log-odds)",
    ]);
  });

  test("name the target where the class alone says nothing", () => {
    expect(reasonsOf({ ...base, of: "yes" }, "is_spam")[0]).toBe(
      'sender_domain = "evil.example" speaks for is_spam = yes (+1.8 log-odds)',
    );
  });

  test("of a number raise and lower it", () => {
    const contributions = [
      { column: "hour", value: "8", contribution: 153.21 },
      { column: "rain", value: true, contribution: -60 },
    ];
    expect(reasonsOf({ ...base, unit: "target", of: undefined, contributions }, "bikes")).toEqual([
      "hour = 8 raises bikes by 153",
      "rain = true lowers bikes by 60",
    ]);
  });

  test("are left out where they are weaker than the error, or much weaker than the first", () => {
    expect(reasonsOf({ ...base, error: 1.5 }, "kind")).toHaveLength(1);
    const contributions = base.contributions.map((c, i) => ({ ...c, contribution: 2 * 0.03 ** i }));
    expect(reasonsOf({ ...base, contributions }, "kind")).toHaveLength(1);
    expect(reasonsOf({ ...base, contributions: [] }, "kind")).toEqual([]);
  });
});
