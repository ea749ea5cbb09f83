import { describe, expect, test } from "vitest";
import { PIPELINES } from "./all.ts";
import { checkProject } from "./check-project.ts";
import { type PipelineOptions, pipeline } from "./pipeline.ts";
import { OWN_PIPELINES } from "./pipeline-form.ts";
import { pipelineParams } from "./pipeline-params.ts";
import { everyOf, scheduleInWords, scheduleProblem } from "./pipeline-schedule.ts";
import type { Platform } from "./platform.ts";
import { schedulesOf } from "./triggers.ts";

const source = `export default defineProject({
  datasets: {},
  models: {},
  pipelines: {
    nightly,
  },
});`;
const check = (pipelines: object) => () =>
  checkProject({ datasets: {}, models: {}, pipelines }, "millwright.config.ts", source);
const nightly = (options: object) => ({
  nightly: pipeline("nightly", async () => null, options as PipelineOptions),
});

describe("the declaration of a pipeline", () => {
  test("keeps its body, and its options are free to be left out", () => {
    const body = async () => 1;
    const made = pipeline("nightly", body);
    expect(check({ nightly: made })().pipelines?.nightly?.body).toBe(body);
    expect(check({})()).toMatchObject({ pipelines: {} });
  });

  test.each([
    [{ nightly: async () => null }, /pipelines\.nightly: write pipeline\("<name>", …\)/],
    [{ nightly: null }, /pipelines\.nightly: write pipeline\(/],
    [{ daily: pipeline("nightly", () => 1) }, /pipelines\.daily: it is pipeline\("nightly", …\)/],
    [
      { train: pipeline("train", () => 1) },
      /pipelines\.train: this name is one of Millwright's own/,
    ],
    [{ "a b": pipeline("a b", () => 1) }, /pipelines\.a b: .*use letters, digits/],
    [nightly({ schedul: "day" }), /pipelines\.nightly\.schedul: there is no such field/],
    [nightly({ schedule: "nightly" }), /pipelines\.nightly\.schedule: 'nightly' is no schedule/],
    [nightly({ schedule: { every: "6h", at: "02:00" } }), /at belongs to every: "day"/],
    [nightly({ schedule: { every: "day", at: "2am" } }), /at: "2am": write a time of day/],
    [nightly({ schedule: { every: "day", on: "monday" } }), /on belongs to every: "week"/],
    [nightly({ queue: "GPU!" }), /pipelines\.nightly\.queue: use small letters/],
    [nightly({ params: { at: new Date(0) } }), /pipelines\.nightly\.params/],
    [
      nightly({ params: { day: "x" }, schedule: { every: "day", params: { dai: "y" } } }),
      /pipelines\.nightly\.schedule\.params: params\.dai: pipeline nightly has no such param/,
    ],
  ])("%o is refused with its field and what to write", (pipelines, words) => {
    expect(check(pipelines)).toThrow(words);
  });

  test("points at the line of the declaration", () => {
    expect(check(nightly({ priority: 1000 }))).toThrow(/^millwright\.config\.ts:\d+: pipelines/);
  });

  test("knows all names that are ours", () => {
    const names = PIPELINES.map((made) => made({} as Platform).name);
    expect([...OWN_PIPELINES].sort()).toEqual([...names].sort());
  });
});

describe("a schedule", () => {
  test.each([
    ["day", "day", "every day"],
    ["0 4 * * 1", "0 4 * * 1", "every 0 4 * * 1"],
    [{ every: "6h" }, "6h", "every 6h"],
    [{ every: "day", at: "02:30" }, "30 2 * * *", "every day at 02:30"],
    [{ every: "week", on: "friday" as const }, "0 0 * * 5", "every week on friday"],
    [{ every: "week", at: "23:00" }, "0 23 * * 1", "every week on monday at 23:00"],
    [{ every: "month", at: "00:05" }, "5 0 1 * *", "every month at 00:05"],
  ])("%o is %s: %s", (schedule, every, words) => {
    expect(scheduleProblem(schedule)).toBeUndefined();
    expect(everyOf(schedule)).toBe(every);
    expect(scheduleInWords(schedule)).toBe(words);
  });

  test("starts the pipeline with the code of the project and its params", () => {
    const pipelines = nightly({
      params: { day: "x", limit: 1 },
      schedule: { every: "day", at: "02:00", params: { limit: 2 } },
    });
    expect(schedulesOf({ datasets: {}, models: {}, pipelines }, "sha256:c")).toContainEqual({
      ...{ name: "pipeline.nightly", pipeline: "nightly", every: "0 2 * * *" },
      input: { code: "sha256:c", params: { day: "x", limit: 2 } },
    });
  });
});

test("params are those that the pipeline names, of the same kind", () => {
  const { nightly: made } = nightly({ params: { day: "x", any: null, list: [] } });
  expect(pipelineParams(made, { any: { a: 1 } })).toEqual({ day: "x", any: { a: 1 }, list: [] });
  expect(() => pipelineParams(made, { list: {} })).toThrow(/params\.list: {}: a list is needed/);
  expect(
    pipelineParams(
      pipeline("free", () => 1),
      { what: 1 },
    ),
  ).toEqual({ what: 1 });
});
