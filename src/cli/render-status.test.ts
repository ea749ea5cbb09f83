import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import type { DatasetVersion } from "../datasets/dataset-version.ts";
import type { Run } from "../engine/engine.ts";
import type { KeptIncident } from "../monitoring/window-report.ts";
import type { ModelVersion } from "../registry/model-version.ts";
import { renderIncidents } from "./render-incident.ts";
import { renderModel, type VersionView } from "./render-model.ts";
import { renderRun, renderRuns } from "./render-run.ts";
import { nextStep, renderStatus, type StatusView } from "./render-status.ts";
import { displayWidth } from "./render-text.ts";

const NOW = Date.UTC(2026, 2, 1, 12);
const HOUR = 3_600_000;
const plain = (lines: readonly string[]) => lines.map(stripVTControlCharacters);
const text = (lines: readonly string[]) => plain(lines).join("\n");

const run = (id: string, state: Run["state"], more: Partial<Run> = {}): Run => ({
  ...{ id, state, pipeline: "train", input: { model: "churn", reason: "every week" } },
  ...{ queue: "default", priority: 0, share: "", parent: undefined },
  ...{ output: undefined, error: undefined, createdAt: NOW - HOUR, progress: undefined },
  finishedAt: state === "succeeded" || state === "failed" ? NOW - HOUR + 58_000 : undefined,
  ...more,
});

const view = (number: number, aliases: VersionView["aliases"], value: number): VersionView => ({
  version: {
    ...{ id: `sha256:${number}`, model: "churn", number, trainer: "gbdt" },
    createdAt: NOW - number * HOUR,
  } as unknown as ModelVersion,
  aliases,
  evaluation: {
    report: {
      primary: "auc",
      metrics: [{ name: "auc", value, lower: value - 0.02, upper: value + 0.02 }],
    },
    verdict: { pass: true },
  } as unknown as NonNullable<VersionView["evaluation"]>,
});

const DATASET = {
  ...{ id: `sha256:${"5".repeat(64)}`, dataset: "telco", rows: 7043, createdAt: NOW - HOUR },
  anomalies: [{ severity: "suspicious" }],
  quarantine: { rows: 11, data: "sha256:00" },
} as unknown as DatasetVersion;

const INCIDENT = {
  ...{ id: "inc_1", model: "churn", kind: "world", state: "open", cause: "world_change" },
  ...{ headline: "The world has changed since 2026-02-01", words: "2026-02-01: errors rose." },
  ...{ subjects: Array.from({ length: 40 }, (_, i) => `column ${i}`), windows: 3, quiet: 0 },
  first: { start: NOW - 72 * HOUR, end: NOW - 48 * HOUR },
  last: { start: NOW - 24 * HOUR, end: NOW },
  ...{ action: "retrain", loss: undefined, because: "errors rose" },
} as KeptIncident;

const STATUS: StatusView = {
  ...{ name: "shop", folder: "/srv/shop", working: true },
  models: [
    {
      ...{ model: "churn", versions: 3 },
      champion: view(2, ["champion"], 0.84),
      challenger: view(3, ["challenger"], 0.85),
      shadow: { since: NOW - 5 * HOUR, reason: "passes 6 of 6 gates; now to be proven" },
      guard: undefined,
    },
    {
      ...{ model: "demand", versions: 0, champion: undefined, challenger: undefined },
      ...{ shadow: undefined, guard: undefined },
    },
  ],
  datasets: [
    { name: "telco", latest: DATASET },
    { name: "sales", latest: undefined },
  ],
  incidents: [INCIDENT],
  runs: [
    run("run_b", "running", { progress: { step: "fit", message: "round 80", fraction: 0.4 } }),
  ],
};

describe("status", () => {
  test("reads like this", () => {
    expect(text(renderStatus(STATUS, NOW, 80))).toMatchInlineSnapshot(`
      "
      shop  running  /srv/shop

      Models
        churn
          champion    version 2  gbdt  auc 0.8400 (0.8200 to 0.8600)  2.0 h ago
          challenger  version 3  gbdt  auc 0.8500 (0.8300 to 0.8700)  3.0 h ago
          › in shadow on live traffic since 2026-03-01 07:00 UTC: passes 6 of 6 gates;
            now to be proven
          ! The world has changed since 2026-02-01
        demand  not trained yet

      Data
        telco  7,043 rows    sha256:555555555555  60 min ago  1 anomaly, 11 rows set
                                                              aside
        sales  not read yet

      Runs
        running  train churn  60 min ago  fit: round 80 40 %, for 60 min

      Next  millwright show incidents  1 incident open"
    `);
  });

  test("fits into 80 columns", () => {
    for (const line of plain(renderStatus(STATUS, NOW, 80)))
      expect(displayWidth(line)).toBeLessThanOrEqual(80);
  });

  const step = (more: Partial<StatusView>) =>
    nextStep({ ...STATUS, incidents: [], runs: [], ...more }).command;

  test("proposes what is broken first, then what is missing", () => {
    const [trained, untrained] = STATUS.models;
    const fine = [trained!];
    expect(step({ working: false, runs: [run("r", "queued")] })).toBe("millwright up");
    expect(step({ runs: [run("r", "failed")] })).toBe("millwright show r");
    expect(step({ incidents: [INCIDENT] })).toBe("millwright show incidents");
    expect(step({})).toBe("millwright train demand");
    expect(step({ models: [{ ...untrained!, versions: 2 }] })).toBe(
      "millwright leaderboard demand",
    );
    expect(step({ models: fine, runs: [run("r", "running")] })).toBe("millwright show r");
    expect(step({ models: fine, working: false })).toBe("millwright up");
    expect(step({ models: fine })).toBe("millwright predict churn …");
  });

  test("a failure that a later run of the same kind made good is no news", () => {
    const runs = [run("new", "succeeded"), run("old", "failed")];
    expect(step({ models: [STATUS.models[0]!], runs })).toBe("millwright predict churn …");
  });
});

describe("runs", () => {
  test("are a line each", () => {
    const runs = [
      run("run_c", "queued"),
      ...STATUS.runs,
      run("run_a", "failed", { error: "The disk is full.\nFree some space." }),
    ];
    expect(text(renderRuns(runs, NOW, 80))).toMatchInlineSnapshot(`
      "  run    what         state    started
        run_c  train churn  queued   60 min ago  waiting for a worker
        run_b  train churn  running  60 min ago  fit: round 80 40 %, for 60 min
        run_a  train churn  failed   60 min ago  The disk is full. Free some space."
    `);
  });

  test("one is told with its steps", () => {
    const steps = [
      {
        ...{ name: "ingest", state: "succeeded" as const, attempts: 1, error: undefined },
        ...{ startedAt: NOW - HOUR, finishedAt: NOW - HOUR + 950 },
      },
      {
        ...{ name: "fit", state: "failed" as const, attempts: 3, error: "out of memory" },
        ...{ startedAt: NOW - HOUR + 950, finishedAt: NOW - HOUR + 58_000 },
      },
    ];
    const failed = run("run_a", "failed", { error: "Step fit failed: out of memory." });
    expect(text(renderRun(failed, steps, NOW, 80))).toMatchInlineSnapshot(`
      "
      train churn  failed

        run         run_a
        started     2026-03-01 11:00 UTC (60 min ago), took 58 s
        reason      every week

        state      step      took
        succeeded  ingest  950 ms
        failed     fit       57 s  3 attempts: out of memory

      Failed
        Step fit failed: out of memory."
    `);
  });
});

test("a model is told with its versions and its history", () => {
  const moves = [
    {
      ...{ model: "churn", alias: "champion" as const, verdict: undefined, runId: undefined },
      ...{ version: "sha256:2" as const, previous: "sha256:1" as const, at: NOW - 2 * HOUR },
      reason: "better by 1.2 points on 400 labels",
    },
  ];
  const versions = [view(2, ["champion"], 0.84), view(1, [], 0.83)];
  const shown = renderModel({ model: "churn", target: "Churn", versions, moves }, NOW, 80);
  expect(text(shown)).toMatchInlineSnapshot(`
    "
    churn  predicts "Churn", 2 versions

      version  trainer  on the test rows               made
            2  gbdt     auc 0.8400 (0.8200 to 0.8600)  2.0 h ago   champion
            1  gbdt     auc 0.8300 (0.8100 to 0.8500)  60 min ago

    History
      when (UTC)        alias     version  why
      2026-03-01 10:00  champion  1 → 2    better by 1.2 points on 400 labels"
  `);
});

test("forty columns are one incident", () => {
  expect(text(renderIncidents([INCIDENT], 80))).toMatchInlineSnapshot(`
    "
    The world has changed since 2026-02-01  open

      model       churn
      seen        2026-02-26 12:00 to 2026-03-01 12:00 UTC, in 3 windows
      what        2026-02-01: errors rose.
      in          column 0, column 1, column 2, column 3, column 4, column 5, column
                  6, column 7, and 32 more
      incident    inc_1"
  `);
  expect(text(renderIncidents([], 80))).toBe("\n  ✓ No incident is open.");
});
