import { describe, expect, test } from "vitest";
import { metricNamed } from "../evaluation/metrics/all.ts";
import { report } from "../evaluation/report.ts";
import { canonicalJson } from "../lib/json.ts";
import { random } from "../lib/random.ts";
import { profileTable } from "../stats/profile.ts";
import { type Column, numberColumn, stringColumn, type Table } from "../table/table.ts";
import { importanceByColumn, type ModelReference, modelReference } from "./model-reference.ts";
import { FRESH_MONITOR, type MonitorState, watchWindow } from "./monitor.ts";
import { rowsByWindow, windowInWords, windowOf } from "./windows.ts";

const HOUR = 3_600_000;
const WEEK = 168 * HOUR;
const START = Date.UTC(2011, 0, 3);

interface World {
  /** Change of demand from this week on. */
  readonly shock?: number;
  /** The thermometer reports nothing from this week on. */
  readonly broken?: number;
  /** Inputs move, demand does not follow. */
  readonly shifted?: number;
  readonly recovered?: number;
}

/** Hourly bike rentals with seasons; the model knows the world without shock. */
function weeks(from: number, to: number, world: World = {}, seed = "bikes") {
  const rng = random(`${seed} ${from}`);
  const hours = (to - from) * 168;
  const times = Float64Array.from({ length: hours }, (_, i) => START + from * WEEK + i * HOUR);
  const is = (since: number | undefined, week: number) =>
    since !== undefined && week >= since && week < (world.recovered ?? Number.POSITIVE_INFINITY);
  const [temperature, wind, target, predicted] = [0, 1, 2, 3].map(() => new Float64Array(hours));
  const sky: string[] = [];
  for (let i = 0; i < hours; i++) {
    const week = from + Math.floor(i / 168);
    const season = Math.sin((2 * Math.PI * (week % 52)) / 52);
    const t = 15 + 10 * season + 3 * rng.normal();
    const usual = 200 + 8 * t;
    wind![i] = 12 + 4 * rng.normal() + (is(world.shifted, week) ? 6 : 0);
    target![i] = (is(world.shock, week) ? 0.4 : 1) * usual + 20 * rng.normal();
    predicted![i] = usual;
    temperature![i] = is(world.broken, week) ? Number.NaN : t;
    sky.push(rng.next() < 0.6 ? "clear" : rng.next() < 0.7 ? "cloudy" : "rain");
  }
  const columns = new Map<string, Column>([
    ["temperature", numberColumn(temperature!)],
    ["wind", numberColumn(wind!)],
    ["sky", stringColumn(sky)],
  ]);
  const table: Table = { rows: hours, columns };
  const scores = { rows: hours, width: 1, values: predicted! };
  return { times, table, scores, target: target! };
}

const training = weeks(0, 52);
const heldOut = weeks(52, 60);
const reference = modelReference({
  task: "regression",
  table: training.table,
  time: { timesMs: training.times, unit: "week" },
  importance: { temperature: 0.8, wind: 0.15, sky: 0.05 },
  heldOut,
  predictions: { scores: training.scores, timesMs: training.times },
  seed: 1,
});
const accepted = report({
  task: "regression",
  metric: metricNamed("mae", "regression"),
  ...heldOut,
  seed: 1,
});

function watch(
  from: number,
  to: number,
  world: World,
  options: { labelsFrom?: number; of?: ModelReference } = {},
) {
  let state: MonitorState = FRESH_MONITOR;
  const cache = new Map();
  const steps = Array.from({ length: to - from }, (_, i) => {
    const week = weeks(from + i, from + i + 1, world, "live");
    const target = week.target.map((t) => (from + i < (options.labelsFrom ?? 0) ? Number.NaN : t));
    const step = watchWindow({
      state,
      reference: options.of ?? reference,
      report: accepted,
      window: windowOf(week.times[0]!, "week"),
      inputs: profileTable(week.table),
      scores: week.scores,
      labelled: { scores: week.scores, target },
      cache,
      seed: 1,
    });
    state = JSON.parse(canonicalJson(step.state));
    return step;
  });
  return {
    steps,
    opened: steps.flatMap((s) => s.incidents.opened),
    worsened: steps.flatMap((s) => s.incidents.worsened),
    closed: steps.flatMap((s) => s.incidents.closed),
    open: steps.at(-1)!.incidents.open,
  };
}

describe("a year of watching", () => {
  test("raises no incident while only the seasons change", () => {
    const { opened } = watch(60, 90, {}, { labelsFrom: 75 });
    expect(opened).toEqual([]);
    const inflation = reference.features.temperature!.inflation!;
    expect(inflation).toBeGreaterThan(3);
    expect(reference.features.wind!.inflation).toBeLessThan(1.5);
  });

  test("without knowing its own weeks it would take the seasons for drift", () => {
    const naive = modelReference({ task: "regression", table: training.table, heldOut, seed: 1 });
    expect(watch(60, 66, {}, { of: naive, labelsFrom: 99 }).opened).toHaveLength(1);
  });

  test("makes one incident of a shock, extends it, states the loss, and closes it on recovery", () => {
    const { opened, closed, open, steps } = watch(60, 72, { shock: 63, recovered: 68 });
    expect(opened).toHaveLength(1);
    expect(opened[0]).toMatchObject({ cause: "concept_change", action: "retrain", windows: 1 });
    expect(windowInWords(opened[0]!.first)).toContain(
      new Date(START + 63 * WEEK).toISOString().slice(0, 10),
    );
    const longest = steps[7]!.incidents.open[0]!;
    expect(longest.windows).toBe(5);
    expect(longest.words).toMatch(
      /Estimated loss: mae 2\d\d instead of 1\d(\.\d)?, 2\d\d a row and 1\d\d,\d+ in all over 840 labelled rows/,
    );
    expect(closed).toHaveLength(1);
    expect(open).toEqual([]);
  });

  test("calls a missing column a data defect, and does not propose to retrain on it", () => {
    const { opened } = watch(60, 64, { broken: 62 });
    expect(opened).toHaveLength(1);
    expect(opened[0]).toMatchObject({ kind: "data", cause: "data_defect", action: "repair_data" });
    expect(opened[0]!.words).toContain("temperature: missing in 100 % of the rows, was 0 %");
  });

  test("asks for labels when inputs move and nobody knows what it costs", () => {
    const { opened } = watch(60, 65, { shifted: 62 }, { labelsFrom: 99 });
    expect(opened).toHaveLength(1);
    expect(opened[0]).toMatchObject({ cause: "input_shift", action: "watch" });
    expect(opened[0]!.words).toMatch(/wind: moved by 1\.\d.*without labels.*collect labels/);
  });

  test("lets a shift that begins to hurt grow into a world change, not into a second incident", () => {
    const { opened, worsened, open } = watch(
      60,
      70,
      { shifted: 62, shock: 66 },
      { labelsFrom: 66 },
    );
    expect(opened).toHaveLength(1);
    expect(worsened.map((i) => i.cause)).toEqual(["world_change"]);
    expect(open[0]).toMatchObject({ cause: "world_change", action: "retrain" });
    expect(open[0]!.subjects).toContain("wind");
  });

  test("counts an empty window as missing volume once volumes are known", () => {
    const { steps } = watch(60, 65, {});
    const state = steps.at(-1)!.state;
    const none = { rows: 0, width: 1, values: new Float64Array(0) };
    const empty = watchWindow({
      state,
      reference,
      report: accepted,
      window: windowOf(START + 65 * WEEK, "week"),
      inputs: { rows: 0, columns: {} },
      scores: none,
      labelled: { scores: none, target: new Float64Array(0) },
      cache: new Map(),
      seed: 1,
    });
    expect(empty.incidents.opened[0]!.words).toContain("only 0 rows came, 168 are usual");
  });
});

describe("a model's reference", () => {
  test("is plain JSON and the same for the same seed", () => {
    expect(JSON.parse(canonicalJson(reference))).toEqual(reference);
  });

  test("sums importance by the column features come from", () => {
    const of = new Map([
      ["sky~target", 0.2],
      ["at:hour", 0.5],
      ["at_place", 0.2],
      ["other", 0.1],
    ]);
    expect(importanceByColumn(of, ["at", "at_place", "sky"])).toEqual({
      sky: 0.2,
      at: 0.5,
      at_place: 0.2,
    });
  });

  test("watches classes of a multiclass model", () => {
    const scores = { rows: 3, width: 3, values: Float64Array.of(1, 0, 0, 0, 1, 0, 0, 1, 0) };
    const of = modelReference({
      task: "multiclass",
      table: { rows: 3, columns: new Map() },
      heldOut: { scores, target: Float64Array.of(0, 1, 2) },
      classes: ["a", "b", "c"],
      seed: 1,
    });
    expect(of.prediction).toMatchObject({
      type: "category",
      values: ["b", "a"],
      counts: [2, 1, 0],
    });
  });
});

describe("windows", () => {
  test("are calendar hours, days and weeks from Monday, in UTC", () => {
    const time = Date.UTC(2024, 1, 29, 13, 45);
    const words = (["hour", "day", "week"] as const).map((unit) =>
      windowInWords(windowOf(time, unit)),
    );
    expect(words).toEqual(["2024-02-29 13:00", "2024-02-29", "2024-02-26 to 2024-03-04"]);
    expect(windowOf(-1, "day").start).toBe(-24 * HOUR);
  });

  test("hold every row once, in order of time", () => {
    const times = [3 * WEEK, 5, WEEK, 3 * WEEK + 1];
    const found = rowsByWindow(times, "week");
    expect(found.map(({ rows }) => [...rows])).toEqual([[1], [2], [0, 3]]);
  });
});
