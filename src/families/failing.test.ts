import { describe, expect, test } from "vitest";
import { random } from "../lib/random.ts";
import { failingMembers, type LossSums } from "./failing.ts";
import { spreadOf } from "./loss.ts";
import type { FamilyMember } from "./members.ts";

/** Log losses of a model that is right: the chance of each row is what it says. */
function losses(rows: number, key: string, flipped = 0): Float64Array {
  const chance = random(key);
  return Float64Array.from({ length: rows }, () => {
    const p = 0.05 + 0.4 * chance.next();
    const positive = chance.next() < p !== chance.next() < flipped;
    return -Math.log(positive ? p : 1 - p);
  });
}

function fleet(members: number, drifted: number, rows: number) {
  const known: FamilyMember[] = [];
  const sums = new Map<string, LossSums>();
  for (let m = 0; m < members; m++) {
    const name = `f.${m}`;
    const before = spreadOf(losses(300, `before ${m}`));
    known.push({
      ...{ name, level: 0, values: [name], stands: false, rows: 240, testRows: 60 },
      ...{ candidate: "parent", loss: before.mean, reference: before },
      ...{ parentLoss: before.mean, q: null, reason: null, version: null, bytes: null, tried: {} },
      ...{ training: "sha256:0" as const, trainedAt: 0, watched: null },
    });
    const now = losses(rows, `now ${m}`, m < drifted ? 0.45 : 0);
    sums.set(name, {
      rows,
      sum: now.reduce((a, b) => a + b, 0),
      squares: now.reduce((a, b) => a + b * b, 0),
    });
  }
  return failingMembers(known, sums, 0);
}

describe("members that have become worse", () => {
  test("few are named where nothing has changed", () => {
    const failing = fleet(2000, 0, 50).filter((w) => w.failing);
    expect(failing.length).toBeLessThanOrEqual(2);
  });

  test("most that changed are named, and hardly any other", () => {
    const failing = fleet(2000, 60, 80).filter((w) => w.failing);
    const right = failing.filter(({ name }) => Number(name.slice(2)) < 60);
    expect(right.length).toBeGreaterThanOrEqual(48);
    expect(failing.length - right.length).toBeLessThanOrEqual(0.1 * failing.length);
  });

  test("too few labels, or no rows to compare with, say nothing", () => {
    expect(fleet(10, 5, 14)).toEqual([]);
  });
});
