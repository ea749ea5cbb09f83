import { describe, expect, test } from "vitest";
import { type Random, random } from "../lib/random.ts";
import { type ArmRow, type ArmSeries, judgeCanary } from "./canary-guards.ts";

const healthy = (rng: Random, at: number): ArmRow => ({
  ...{ at, failed: 0, abstained: Number(rng.next() < 0.03), said: rng.next() },
  ...{ latencyMs: 1 + rng.next() ** 4, loss: rng.next() < 0.3 ? rng.next() ** 2 : Number.NaN },
});

function arm(
  rows: number,
  each: number,
  rng: Random,
  change: (row: ArmRow) => Partial<ArmRow> = () => ({}),
): ArmSeries {
  return {
    rows: Array.from({ length: rows }, (_, i) => {
      const row = healthy(rng, i * each);
      return { ...row, ...change(row) };
    }),
    step: { rows, units: rows },
  };
}

const RULE = { share: 0.05, minRows: 200 };
const champion = () => arm(4750, 1, random("champion"));
const canary = (change?: (row: ArmRow) => Partial<ArmRow>, rows = 250) =>
  arm(rows, 19, random("canary"), change);

describe("a canary", () => {
  test("climbs when it has answered enough and no guard objects", () => {
    const decision = judgeCanary(canary(), champion(), RULE);
    expect(decision).toMatchObject({ outcome: "climb", rows: { canary: 250, champion: 4750 } });
    expect(decision.guards).toHaveLength(6);
  });

  test("waits for rows", () => {
    const few = judgeCanary(canary(undefined, 9), arm(171, 1, random("few")), RULE);
    expect(few).toMatchObject({
      outcome: "wait",
      reason: "9 of at least 200 rows in this step so far",
    });
    const none = { rows: [], step: { rows: 0, units: 0 } };
    expect(judgeCanary(none, none, RULE).outcome).toBe("wait");
  });

  const unknown = { latencyMs: NaN, abstained: NaN, said: NaN, loss: NaN };
  test.each<[string, (row: ArmRow) => Partial<ArmRow>]>([
    ["errors", (row) => (row.at % 4 === 0 ? { failed: 1, ...unknown } : {})],
    ["latency", ({ latencyMs }) => ({ latencyMs: latencyMs * 2 })],
    ["abstention", (row) => ({ abstained: Number(row.at % 3 === 0) })],
    ["quality", ({ loss }) => ({ loss: Math.min(1, loss + 0.5) })],
    ["outputs", ({ said }) => ({ said: said / 10 })],
  ])("ends for its %s, and says so with numbers", (guard, change) => {
    const { outcome, reason, guards } = judgeCanary(canary(change), champion(), RULE);
    expect(outcome).toBe("end");
    expect(guards.filter((g) => !g.pass).map((g) => g.guard)).toEqual([guard]);
    expect(reason).toMatch(new RegExp(`^${guard}: .*\\d`));
  });

  test("ends early when it cannot answer at all", () => {
    const failing = canary(() => ({ failed: 1, ...unknown }), 25);
    expect(judgeCanary(failing, arm(475, 1, random("f")), RULE).outcome).toBe("end");
  });

  test("ends when rows do not arrive in the shares asked for: nothing can be compared then", () => {
    const decision = judgeCanary(canary(undefined, 500), champion(), RULE);
    expect(decision.outcome).toBe("end");
    expect(decision.reason).toContain("the assignment or the log is broken");
  });

  test("that is no worse is seldom ended, however often one looks", () => {
    let ended = 0;
    for (let run = 0; run < 20; run++) {
      const [own, other] = [arm(600, 19, random(`a${run}`)), arm(11_400, 1, random(`b${run}`))];
      for (let look = 1; look <= 12; look++) {
        const until = look * 950;
        const cut = (s: ArmSeries): ArmSeries => {
          const rows = s.rows.filter((row) => row.at < until);
          return { rows, step: { rows: rows.length, units: rows.length } };
        };
        if (judgeCanary(cut(own), cut(other), RULE).outcome !== "end") continue;
        ended += 1;
        break;
      }
    }
    expect(ended).toBeLessThanOrEqual(1);
  });
});
