import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { PredictionRecord } from "../prediction.ts";
import {
  mergeTraffic,
  profileByHead,
  profileTraffic,
  type TrafficProfile,
} from "./traffic-profile.ts";

const prediction: fc.Arbitrary<PredictionRecord> = fc.record({
  id: fc.uuid(),
  model: fc.constant("m"),
  version: fc.constantFrom("sha256:1" as const, "sha256:2" as const),
  variant: fc.constantFrom("champion" as const, "shadow" as const),
  at: fc.integer(),
  eventTime: fc.integer(),
  key: fc.option(fc.string({ maxLength: 2 }), { nil: undefined }),
  inputs: fc.dictionary(
    fc.constantFrom("a", "b", "c"),
    fc.oneof(
      fc.string({ maxLength: 2 }),
      fc.integer({ min: -99, max: 99 }),
      fc.boolean(),
      fc.constant(null),
    ),
    { noNullPrototype: true },
  ),
  output: fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 3 }),
  label: fc.constantFrom("yes", "no", 3),
  abstained: fc.constantFrom(true as const, undefined),
  latencyMs: fc.nat(50),
});

/** Without the last bits of means. */
const exactly = (profile: TrafficProfile) =>
  JSON.parse(
    JSON.stringify(profile, (name, value) =>
      name === "mean" || name === "m2" ? Math.round(value * 1e6) / 1e6 : value,
    ),
  );

describe("the profile of traffic", () => {
  test("of parts, merged in any order, is that of the whole", () => {
    const some = fc.array(prediction, { maxLength: 30 });
    fc.assert(
      fc.property(some, some, some, (a, b, c) => {
        const [pa, pb, pc] = [a, b, c].map((part) => profileTraffic(part)) as [
          TrafficProfile,
          TrafficProfile,
          TrafficProfile,
        ];
        const whole = exactly(profileTraffic([...a, ...b, ...c]));
        expect(exactly(mergeTraffic(mergeTraffic(pa, pb), pc))).toEqual(whole);
        expect(exactly(mergeTraffic(pc, mergeTraffic(pb, pa)))).toEqual(whole);
      }),
      { seed: 5, numRuns: 40 },
    );
  });

  test("keeps numbers and texts of one field apart, and counts what is missing", () => {
    const record = (inputs: PredictionRecord["inputs"]): PredictionRecord => ({
      ...{ id: "p", model: "m", version: "sha256:1", variant: "champion", at: 1, eventTime: 2 },
      ...{ key: undefined, inputs, output: [0.5], label: "yes", latencyMs: 3 },
    });
    const profile = profileTraffic([record({ a: 1 }), record({ a: "x", b: true }), record({})]);
    expect(profile.rows).toBe(3);
    expect(profile.inputs.a?.numbers?.rows).toBe(1);
    expect(profile.inputs.a?.texts?.values.counts).toEqual([["x", 1]]);
    expect(profile.inputs.b?.numbers?.moments).toMatchObject({ n: 1, mean: 1 });
    expect(profileByHead([record({}), record({})])).toHaveLength(1);
  });

  test("is bounded, however wide and long the traffic is", () => {
    const wide = Array.from(
      { length: 3 },
      (_, i): PredictionRecord => ({
        ...{ id: "p", model: "m", version: "sha256:1", variant: "champion", at: 1, eventTime: 2 },
        ...{ key: `k${i}`, output: Array(5000).fill(1), label: "", latencyMs: 3 },
        inputs: Object.fromEntries(Array.from({ length: 4000 }, (_, j) => [`f${i}_${j}`, j])),
      }),
    );
    const profile = mergeTraffic(profileTraffic(wide.slice(0, 2)), profileTraffic(wide.slice(2)));
    expect(Object.keys(profile.inputs)).toHaveLength(1000);
    expect(Object.keys(profile.inputs)).toEqual(Object.keys(profileTraffic(wide).inputs));
    expect(profile.outputs).toHaveLength(32);
  });
});
