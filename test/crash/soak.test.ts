import { expect, test } from "vitest";
import { soak } from "../soak/soak.ts";

/** The short version of `npm run soak`, which runs for half an hour. */
test("under mixed load, swaps, kills and a lost database, nothing is answered wrong and nothing acknowledged is lost", async () => {
  const report = await soak({
    seconds: 60,
    // A machine that has much else to do takes longer.
    atLeast: { predictions: 501, versions: 4 },
    swapEveryS: 2,
    killEveryS: 9,
    databaseAwayS: 12,
    callers: 6,
    restMs: 20,
    processes: 1,
  });
  expect(report).toMatchObject({ wrong: [], lost: [], doubled: 0, fell: [] });
  expect(report.predictions).toBeGreaterThan(500);
  expect(report.versions).toBeGreaterThan(3);
});
