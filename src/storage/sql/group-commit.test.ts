import { setImmediate as endOfTurn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { MillwrightError } from "../../errors.ts";
import { type GroupCommitOptions, groupCommit } from "./group-commit.ts";

const tick = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

/** A writer that notes its groups, doubles numbers, and fails as told. */
function doubling(options: Partial<GroupCommitOptions<number, number>> = {}) {
  const groups: number[][] = [];
  const group = groupCommit<number, number>({
    ...{ lanes: 1, laneOf: (n) => n, maxWaiting: 1000, isPassing: () => false, endOfTurn },
    newGroup: () => ({ admits: () => true }),
    async write(calls) {
      groups.push([...calls]);
      await tick();
      return calls.map((n) => n * 2);
    },
    ...options,
  });
  return { groups, group };
}

describe("group commit", () => {
  test("what arrives while a statement is under way shares the next", async () => {
    const { groups, group } = doubling();
    const first = group.submit(1);
    await endOfTurn();
    await endOfTurn();
    const rest = Promise.all([2, 3, 4].map(group.submit));
    expect(await first).toBe(2);
    expect(await rest).toEqual([4, 6, 8]);
    expect(groups).toEqual([[1], [2, 3, 4]]);
    expect(group.waiting).toBe(0);
  });

  test("who is not admitted comes in the next group, and a first one always is admitted", async () => {
    const { groups, group } = doubling({
      newGroup: () => {
        const seen = new Set<number>();
        return { admits: (n) => n < 100 && !seen.has(n % 2) && seen.add(n % 2).size > 0 };
      },
    });
    expect(await Promise.all([1, 2, 3, 4, 100].map(group.submit))).toEqual([2, 4, 6, 8, 200]);
    expect(groups).toEqual([[1, 2], [3, 4], [100]]);
  });

  test("lanes write at the same time, each one group at a time", async () => {
    let now = 0;
    let most = 0;
    const { group } = doubling({
      lanes: 3,
      async write(calls) {
        most = Math.max(most, ++now);
        await tick();
        now--;
        return calls.map((n) => n * 2);
      },
    });
    await Promise.all(Array.from({ length: 200 }, (_, n) => group.submit(n)));
    expect(most).toBe(3);
  });

  test("of a group that fails only the guilty call does", async () => {
    const { group } = doubling({
      async write(calls) {
        if (calls.includes(13)) throw new Error("13 is unlucky");
        return calls.map((n) => n * 2);
      },
    });
    const outcomes = await Promise.allSettled([1, 13, 2].map(group.submit));
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  });

  test("a collision is tried again with the same group", async () => {
    let collisions = 3;
    const { groups, group } = doubling({
      isPassing: (error) => error instanceof MillwrightError,
      async write(calls) {
        groups.push([...calls]);
        if (collisions-- > 0)
          throw new MillwrightError("unavailable", "Two transactions collided.");
        return calls.map((n) => n * 2);
      },
    });
    expect(await Promise.all([1, 2].map(group.submit))).toEqual([2, 4]);
    expect(groups).toEqual([
      [1, 2],
      [1, 2],
      [1, 2],
      [1, 2],
    ]);
  });

  test("too many waiting are sent away, and those waiting still are answered", async () => {
    const { group } = doubling({ maxWaiting: 2 });
    const waiting = [1, 2].map(group.submit);
    await expect(group.submit(3)).rejects.toMatchObject({ code: "overloaded" });
    expect(await Promise.all(waiting)).toEqual([2, 4]);
    expect(await group.submit(3)).toBe(6);
  });
});
