import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { LogRecord, PredictionRecord } from "./prediction.ts";
import { arrangeSegment, lastFeedback, segmentTable, tableRecords } from "./segment.ts";

const prediction = fc.record({
  id: fc.uuid(),
  model: fc.constantFrom("a", "b", "c"),
  version: fc.constantFrom("sha256:1" as const, "sha256:2" as const),
  variant: fc.constantFrom("champion" as const, "requested" as const, "shadow" as const),
  at: fc.integer(),
  eventTime: fc.integer(),
  key: fc.option(fc.string(), { nil: undefined }),
  inputs: fc.dictionary(
    fc.string().filter((name) => name !== "__proto__"),
    fc.oneof(
      fc.string(),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => x + 0),
      fc.boolean(),
      fc.constant(null),
    ),
    { noNullPrototype: true },
  ),
  output: fc.array(fc.double({ noNaN: true, noDefaultInfinity: true, min: 1e-9 }), {
    minLength: 1,
  }),
  label: fc.string(),
  abstained: fc.constantFrom(true as const, undefined),
  latencyMs: fc.nat(),
});

describe("a shipped segment", () => {
  test("keeps every prediction as it was, where its range says", () => {
    fc.assert(
      fc.property(fc.array(prediction), (given) => {
        const records = given.map((record): LogRecord => ({ kind: "prediction", ...record }));
        const { predictions, ranges } = arrangeSegment(records);
        const back = tableRecords(segmentTable(predictions), () => true);
        const plain = (record: PredictionRecord) => JSON.parse(JSON.stringify(record));
        expect(ranges.map((range) => range.model)).toEqual(
          [...new Set(given.map((p) => p.model))].sort(),
        );
        for (const { model, from, to, firstEvent, lastEvent } of ranges) {
          const own = given.filter((p) => p.model === model);
          expect(back.slice(from, to).map(plain)).toEqual(own.map(plain));
          expect(firstEvent).toBe(Math.min(...own.map((p) => p.eventTime)));
          expect(lastEvent).toBe(Math.max(...own.map((p) => p.eventTime)));
        }
      }),
      { numRuns: 50 },
    );
  });

  test("of the time before rules to abstain is read as answered", () => {
    const record = {
      ...{ id: "p", model: "m", version: "sha256:1", variant: "champion", at: 1, eventTime: 2 },
      ...{ key: undefined, inputs: {}, output: [0.5], label: "yes", latencyMs: 3 },
    } as PredictionRecord;
    const { rows, columns } = segmentTable([record]);
    const old = new Map([...columns].filter(([name]) => name !== "abstained"));
    expect(tableRecords({ rows, columns: old }, () => true)).toEqual([record]);
  });

  test("a regression's label is its output", () => {
    const record = {
      ...{ id: "p", model: "m", version: "sha256:1", variant: "champion", at: 1, eventTime: 2 },
      ...{ key: undefined, inputs: {}, output: [2.5], label: 2.5, latencyMs: 3 },
    } as PredictionRecord;
    expect(tableRecords(segmentTable([record]), () => true)).toEqual([record]);
  });

  test("of several feedbacks the last by time counts, of equal times the last that came", () => {
    const feedback = (id: string, at: number, label: string) => ({ id, model: "m", at, label });
    const last = lastFeedback([
      feedback("a", 2, "late"),
      feedback("a", 1, "early"),
      feedback("b", 1, "first"),
      feedback("b", 1, "second"),
      { ...feedback("a", 0, "other model"), model: "n" },
    ]);
    expect([...last.values()].map((f) => [f.model, f.id, f.label])).toEqual([
      ["m", "a", "late"],
      ["m", "b", "second"],
      ["n", "a", "other model"],
    ]);
  });
});
