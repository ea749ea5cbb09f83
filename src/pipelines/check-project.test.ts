import { expect, test } from "vitest";
import { checkProject } from "./check-project.ts";
import type { ProjectDefinition } from "./project.ts";

const good: ProjectDefinition = {
  datasets: { mail: { source: "mail.csv" } },
  models: { spam: { dataset: "mail", target: "is_spam" } },
};
const source = `import { defineProject } from "millwright";
export default defineProject({
  datasets: {
    mail: { source: "mail.csv" },
  },
  models: {
    spam: {
      dataset: "mail",
      target: "is_spam",
      train: { budget: "10 minutes" },
      gates: [{ gate: "no_leek", params: {} }],
      retrian: {},
    },
  },
});
`;
const model = (more: object) => ({ ...good, models: { spam: { ...good.models.spam, ...more } } });
const check = (project: unknown) => () => checkProject(project, "millwright.config.ts", source);

test("one dataset and one target are a project", () => {
  expect(check(good)()).toEqual(good);
});

test("a wrong value is pointed at with file, line, field and what to write", () => {
  expect(check(model({ train: { budget: "10 minutes" } }))).toThrow(
    'millwright.config.ts:10: models.spam.train.budget: "10 minutes": write a time such as "60s"',
  );
});

test("a ladder is percentages that climb", () => {
  for (const canary of [[1, 5, 25, 50, 100], { steps: [10], minRows: 50 }, { minRows: 50 }, false])
    expect(check(model({ deploy: { canary } }))).not.toThrow();
  expect(check(model({ deploy: { canary: [5, 1] } }))).toThrow("such as [1, 5, 25, 50, 100]");
});

test("an unknown field is pointed at itself, not at what holds it", () => {
  expect(check(model({ retrian: {} }))).toThrow(
    "millwright.config.ts:12: models.spam.retrian: there is no such field",
  );
});

test("a dataset that does not exist is named with those that do", () => {
  expect(check(model({ dataset: "mails" }))).toThrow(
    'millwright.config.ts:8: models.spam.dataset: there is no dataset "mails". Known datasets: mail.',
  );
});

test("gates are known and their parameters right before anything is trained", () => {
  expect(check(model({ gates: [{ gate: "no_leek", params: {} }] }))).toThrow(
    'millwright.config.ts:11: models.spam.gates.0: gate "no_leek" does not exist; use one of parity, no_leak',
  );
  expect(check(model({ gates: [{ gate: "no_leak", params: { max: 2 } }] }))).toThrow(
    'gate "no_leak": parameter max',
  );
  expect(check(model({ gates: [{ gate: "beats_champion", params: {} }] }))).not.toThrow();
});

test.each([
  [{ train: { metric: "acuracy" } }, "models.spam.train.metric"],
  [{ train: { trainers: ["xgboost"] } }, "models.spam.train.trainers.0"],
  [{ train: { test: 0.9 } }, "models.spam.train.test"],
  [{ retrain: { every: "0h" } }, "models.spam.retrain.every"],
  [{ deploy: { shadow: true } }, "models.spam.deploy.shadow"],
  [{ deploy: { canary: true } }, "models.spam.deploy.canary"],
  [{ deploy: { canary: [5, 1] } }, "models.spam.deploy.canary"],
  [{ deploy: { canary: [0, 50] } }, "models.spam.deploy.canary"],
  [{ deploy: { canary: { steps: [1, 200] } } }, "models.spam.deploy.canary"],
  [{ features: { a: { role: "number" } } }, "models.spam.features.a.role"],
])("%j is refused by name", (more, field) => {
  expect(check(model(more))).toThrow(field);
});

test("all mistakes are said at once", () => {
  expect(check({ models: { "a b": {} } })).toThrow(/datasets.*\n.*models/s);
});

test("no project at all is said of the default export", () => {
  expect(check(undefined)).toThrow("the default export");
});

test("a rule to abstain is a precision or a coverage, from a half up to below 1", () => {
  for (const abstain of [{ precision: 0.99 }, { coverage: 0.9 }, { coverage: 0.5, perClass: true }])
    expect(check(model({ abstain }))().models.spam!.abstain).toEqual(abstain);
  for (const abstain of [
    { precision: 99 },
    { precision: 1 },
    { precision: 0.9, coverage: 0.9 },
    { precision: 0.9, perClass: true },
    {},
    0.9,
    null,
  ])
    expect(check(model({ abstain }))).toThrow(
      /models\.spam\.abstain: .*write \{ precision: 0\.99 \}/,
    );
});
