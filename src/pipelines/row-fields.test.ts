import { expect, test } from "vitest";
import type { Schema } from "../datasets/schema.ts";
import { rowFieldsOf } from "./row-fields.ts";

const schema = {
  columns: ["message_id", "received_at", "subject", "is_spam"].map((name) => ({ name })),
} as unknown as Schema;

test("rows may carry the key, the time and every column but the answer", () => {
  const project = {
    datasets: { mail: { source: "mail.csv", key: "message_id", time: "received_at" } },
    models: { spam: { dataset: "mail", target: "is_spam" } },
  };
  expect(rowFieldsOf(project, "spam", schema)).toEqual({
    ...{ key: "message_id", time: "received_at" },
    pass: ["message_id", "received_at", "subject"],
  });
});

test("a model that the project names no more takes all columns", () => {
  expect(rowFieldsOf({ datasets: {}, models: {} }, "spam", schema)).toEqual({
    ...{ key: undefined, time: undefined },
    pass: ["message_id", "received_at", "subject", "is_spam"],
  });
});
