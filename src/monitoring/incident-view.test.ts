import { describe, expect, test } from "vitest";
import { incidentView } from "./incident-view.ts";
import type { KeptIncident } from "./window-report.ts";

const DAY = 86_400_000;

describe("an incident in the words of the contract", () => {
  const kept: KeptIncident = {
    ...{ id: "incident_1", model: "demand", kind: "world", state: "open", cause: "world_change" },
    ...{ subjects: ["lag_7", "prediction", "performance"], windows: 3, quiet: 0 },
    first: { start: 0, end: DAY },
    last: { start: 2 * DAY, end: 3 * DAY },
    action: "retrain",
    headline: "The world has changed since 1970-01-01",
    because: "2 inputs moved together, first of all lag_7",
    words: "1970-01-01 to 1970-01-04: 2 inputs moved together. Proposed: retrain on recent rows.",
    loss: { metric: "mae", before: 60, now: 1300, rows: 90, total: 111_600 },
  };

  test("says since when, why, what it costs and what to do", () => {
    const view = incidentView(kept);
    expect(view).toMatchObject({ state: "open", openedAt: 0, resolvedAt: null });
    expect(view.loss).toBe(
      "Mean absolute error 1,300 instead of the promised 60: 1,240 a row, 112,000 in all over 90 labelled rows.",
    );
    expect(view.cause).toContain("Seen: 2 inputs moved together, first of all lag_7.");
    expect(view.action).toMatch(/^Retrain/);
    expect(view.findings.map((f) => f.column)).toEqual(["lag_7", "prediction"]);
  });

  test("closed incidents are resolved when their last window ended, and an unknown loss is null", () => {
    const view = incidentView({ ...kept, state: "closed", loss: undefined });
    expect(view).toMatchObject({ state: "resolved", resolvedAt: 3 * DAY, loss: null });
  });
});
