import { expect, test } from "vitest";
import { keepSince } from "./tidy-log.ts";

const DAY = 86_400_000;
const model = { dataset: "mails", target: "is_spam" };

test("everything is kept unless the project or the model says how long", () => {
  const datasets = { mails: { source: "mails.csv" } };
  const models = {
    plain: model,
    short: { ...model, log: { keep: "30d" } as const },
    ever: { ...model, log: { keep: "forever" } as const },
  };
  const now = 1000 * DAY;
  expect(keepSince({ datasets, models }, now)).toEqual(new Map([["short", 970 * DAY]]));
  expect(keepSince({ datasets, models, log: { keep: "400d" } }, now)).toEqual(
    new Map([
      ["plain", 600 * DAY],
      ["short", 970 * DAY],
    ]),
  );
});
