import { expect, test } from "vitest";
import { comparison } from "./comparison.ts";
import { NO_CONTENTS, type RunContents, type TrackedRun } from "./tracked-run.ts";

const run = (id: string): TrackedRun => ({
  ...{ id, seq: 1, experiment: "1", name: id, userId: "", status: "FINISHED", startTime: 1 },
  ...{ endTime: undefined, lifecycleStage: "active", artifactUri: "" },
});
const whole = (id: string, contents: Partial<RunContents>) => ({
  run: run(id),
  contents: { ...NO_CONTENTS, ...contents },
});
const metric = (key: string, value: number) => ({ key, value, timestamp: 0, step: 0 });
const data = (digest: string) => ({
  dataset: {
    ...{ name: "mails", digest, sourceType: "local", source: "" },
    ...{ schema: undefined, profile: undefined },
  },
  tags: [{ key: "mlflow.data.context", value: "train" }],
});

const pair = [
  whole("a", {
    params: [
      { key: "depth", value: "3" },
      { key: "seed", value: "1" },
    ],
    metrics: [metric("auc", 0.9), metric("loss", Number.NaN)],
    datasets: [data("d1")],
    tags: [
      { key: "millwright.environment.node", value: "20" },
      { key: "mlflow.runName", value: "a" },
      { key: "team", value: "x" },
    ],
  }),
  whole("b", {
    params: [
      { key: "depth", value: "4" },
      { key: "seed", value: "1" },
    ],
    metrics: [metric("auc", 0.9), metric("loss", Number.NaN), metric("extra", 1)],
    datasets: [data("d2")],
    tags: [
      { key: "millwright.environment.node", value: "22" },
      { key: "mlflow.runName", value: "b" },
      { key: "team", value: "x" },
    ],
  }),
];

test("only what differs is shown: NaN is NaN, what one lacks is null", () => {
  const { params, metrics, data: used, environment, tags } = comparison(pair, false);
  expect(params).toEqual([{ key: "depth", values: ["3", "4"], differs: true }]);
  expect(metrics).toEqual([{ key: "extra", values: [null, 1], differs: true }]);
  expect(used).toEqual([{ key: "mails (train)", values: ["d1", "d2"], differs: true }]);
  expect(environment.map(({ key }) => key)).toEqual(["millwright.environment.node"]);
  expect(tags).toEqual([]);
});

test("all of it, when wanted", () => {
  const { params, metrics, tags } = comparison(pair, true);
  expect(params.map(({ key, differs }) => [key, differs])).toEqual([
    ["depth", true],
    ["seed", false],
  ]);
  expect(metrics).toHaveLength(3);
  expect(tags).toEqual([{ key: "team", values: ["x", "x"], differs: false }]);
});
