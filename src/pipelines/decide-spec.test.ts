import { expect, test } from "vitest";
import type { Role } from "../datasets/schema.ts";
import { decideSpec } from "./decide-spec.ts";
import type { DatasetDefinition, ModelDefinition } from "./project.ts";

const roles: Readonly<Record<string, Role>> = {
  ...{ id: "id", received_at: "time", subject: "text", domain: "category", n_urls: "numeric" },
  ...{ verdict: "leak", is_spam: "target" },
};
const decide = (
  model: Partial<ModelDefinition> = {},
  dataset: Partial<DatasetDefinition> = {},
  task: "binary" | "regression" = "binary",
) =>
  decideSpec({
    model: "spam",
    definition: { dataset: "mail", target: "is_spam", ...model },
    dataset: { source: "mail.csv", ...dataset },
    schema: {
      columns: Object.entries(roles).map(([name, role]) => ({
        ...{ name, role, type: "string", reason: `looks like ${role}` },
      })),
    } as unknown as Parameters<typeof decideSpec>[0]["schema"],
    target: {
      task,
      classes: task === "binary" ? ["no", "yes"] : [],
      defaultMetric: "auc",
      rows: 100,
    },
    trainers: ["linear", "gbdt"],
  });
const names = (spec: { readonly columns: readonly { readonly name: string }[] }) =>
  spec.columns.map(({ name }) => name);

test("ids, leaks and the target are left out unless somebody lists them", () => {
  expect(names(decide())).toEqual(["received_at", "subject", "domain", "n_urls"]);
  expect(
    names(decide({ features: { id: { role: "category" }, verdict: { role: "category" } } })),
  ).toEqual([...["id", "received_at", "subject", "domain", "n_urls", "verdict"]]);
});

test("the time of the split is no feature of classes, but one of numbers", () => {
  const time = { time: "received_at" };
  expect(names(decide({}, time))).not.toContain("received_at");
  expect(names(decide({ features: { received_at: { role: "time" } } }, time))).toContain(
    "received_at",
  );
  expect(names(decide({}, time, "regression"))).toContain("received_at");
});

test("what a person said wins: only the listed, ignored ones, other roles", () => {
  const listed = { n_urls: { role: "numeric" } } as const;
  expect(names(decide({ features: listed, onlyListed: true }))).toEqual(["n_urls"]);
  const given = decide({ features: { subject: { role: "ignore" }, domain: { role: "text" } } });
  expect(given.columns.find(({ name }) => name === "domain")?.role).toBe("text");
  expect(names(given)).not.toContain("subject");
});

test("the split follows time where there is one, else the task, else the wish", () => {
  expect(decide().split).toBe("stratified");
  expect(decide({}, {}, "regression").split).toBe("random");
  expect(decide({}, { time: "received_at" }).split).toBe("time");
  expect(decide({ train: { split: "random" } }, { time: "received_at" }).split).toBe("stratified");
  expect(decide({ train: { split: "grouped" } }).split).toBe("grouped");
});

test("what is left open is filled in", () => {
  expect(decide()).toMatchObject({
    ...{ budgetMs: 60_000, metric: "auc", testShare: 0.2, trainers: ["linear", "gbdt"] },
  });
  expect(decide({ train: { budget: "2m", trainers: ["linear"] } })).toMatchObject({
    ...{ budgetMs: 120_000, trainers: ["linear"] },
  });
});

test("a budget that is no duration is refused, not replaced", () => {
  expect(() => decide({ train: { budget: "10 minutes" } })).toThrow('"10 minutes" is no duration');
});

test.each([
  [{ target: "spam" }, {}, 'target names the column "spam"'],
  [{}, { key: "message" }, 'key names the column "message"'],
  [{ features: { subjct: { role: "text" } } }, {}, 'features names the column "subjct"'],
  [{ train: { split: "time" } }, {}, 'Add time: "<column>"'],
  [{ onlyListed: true }, {}, "no column is left to learn from"],
  [{ train: { monotone: { urls: "increasing" } } }, {}, '"urls" is no column that the model'],
  [
    { train: { monotone: { received_at: "increasing" } } },
    {},
    '"received_at" is a time column, and only numbers rise and fall',
  ],
  [{ train: { monotone: { domain: "increasing" } } }, {}, '{ "domain": { role: "numeric" } }'],
] as const)("%j with %j is refused: %s", (model, dataset, words) => {
  expect(() => decide(model as Partial<ModelDefinition>, dataset)).toThrow(words);
});
