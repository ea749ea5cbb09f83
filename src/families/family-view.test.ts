import { expect, test } from "vitest";
import { fleetView, overallOf } from "./family-view.ts";
import type { LevelFigures } from "./store.ts";

const level = (level: number, testRows: number, loss: number | null, parentLoss: number | null) =>
  ({
    ...{ level, members: 3, standing: 1, failing: 0, rows: 10 * testRows, bytes: 0 },
    ...{ testRows, loss, parentLoss, watchedAt: null },
  }) satisfies LevelFigures;

test("what levels save adds up against the model everybody shares", () => {
  // The segments save 0.02 on each of 100 rows, their members 0.1 more on each of 40.
  const overall = overallOf([level(0, 40, 0.3, 0.4), level(1, 100, 0.48, 0.5)]);
  expect(overall).toEqual({ testRows: 100, sharedLoss: 0.5, loss: expect.closeTo(0.44, 12) });
});

test("a level without test rows says nothing, and none at all is null", () => {
  expect(overallOf([level(0, 40, 0.3, 0.4), level(1, 0, null, null)])).toMatchObject({
    sharedLoss: 0.4,
    loss: expect.closeTo(0.3, 12),
  });
  expect(overallOf([level(0, 0, null, null)])).toBeNull();
});

test("the fleet says who stands, who fails, and what each gains", () => {
  const member = (name: string, more: object) => ({
    ...{ name, values: [name], stands: true, rows: 50, loss: 0.3, parentLoss: 0.4, failing: false },
    ...more,
  });
  const { states, gains } = fleetView({ model: "f", level: 0 }, [
    member("a", {}),
    member("b", { failing: true }),
    member("c", { stands: false, loss: 0.4 }),
    member("d", { parentLoss: 0 }),
  ]);
  expect(states).toEqual(["stands", "failing", "parent", "stands"]);
  expect(gains).toEqual([0.25, 0.25, null, null]);
});
