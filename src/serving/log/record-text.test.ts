import fc from "fast-check";
import { expect, test } from "vitest";
import { digestOf } from "../../lib/digest.ts";
import type { LogRecord } from "../prediction.ts";
import { recordText } from "./record-text.ts";

const text = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("a", '"', "\n", "\\"));
const number = fc.oneof(fc.double(), fc.float(), fc.integer());
const time = fc.integer({ min: 0, max: 4e12 });
const prediction = fc.record(
  {
    kind: fc.constant("prediction" as const),
    id: text,
    model: text,
    version: fc.constantFrom(digestOf("1"), digestOf("2")),
    variant: fc.constantFrom("champion" as const, "shadow" as const, "arm" as const),
    at: time,
    eventTime: fc.oneof(time, fc.integer()),
    key: fc.option(text, { nil: undefined }),
    inputs: fc.dictionary(text, fc.oneof(text, number, fc.boolean(), fc.constant(null))),
    output: fc.array(number, { maxLength: 3 }),
    label: fc.oneof(text, number),
    abstained: fc.option(fc.boolean(), { nil: undefined }),
    latencyMs: fc.integer({ min: -5, max: 1e6 }),
  },
  {
    requiredKeys: [
      "kind",
      "id",
      "model",
      "version",
      "variant",
      "at",
      "eventTime",
      "inputs",
      "output",
      "label",
      "latencyMs",
    ],
  },
);
const feedback = fc.record({
  ...{ kind: fc.constant("feedback" as const), id: text, model: text, at: time },
  label: fc.oneof(text, number),
});

test("the same line as JSON.stringify, one record after the other", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(prediction, feedback), { maxLength: 5 }), (records) => {
      for (const record of records as LogRecord[])
        expect(recordText(record)).toBe(JSON.stringify(record));
    }),
    { numRuns: 1000 },
  );
});

test("inputs that are text already are put in as they are", () => {
  const [record] = fc.sample(prediction, { numRuns: 1, seed: 7 }) as unknown as [LogRecord];
  const line = recordText(record, '{"a": 1.50}');
  expect(line).toContain('"inputs":{"a": 1.50},');
  expect(JSON.parse(line)).toEqual({ ...JSON.parse(JSON.stringify(record)), inputs: { a: 1.5 } });
});
