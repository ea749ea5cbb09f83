import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { batched } from "./batched.ts";

describe("batched", () => {
  test("calls of one turn become one call per key, each caller gets its own rows back", async () => {
    const calls: [string, number][] = [];
    const double = batched(async (key: string, rows: readonly number[]) => {
      calls.push([key, rows.length]);
      return rows.map((row) => row * 2);
    });
    const answers = await Promise.all([
      double.run("a", [1, 2]),
      double.run("b", [3]),
      double.run("a", [4]),
      double.run("a", []),
    ]);
    expect(answers).toEqual([[2, 4], [6], [8], []]);
    expect(calls).toEqual([
      ["a", 3],
      ["b", 1],
    ]);
    expect(double.queuedRows).toBe(0);
  });

  test("a large call is sliced and a small one behind it does not wait for all of it", async () => {
    const sizes: number[] = [];
    const order: string[] = [];
    const same = batched(
      async (_: string, rows: readonly number[]) => {
        sizes.push(rows.length);
        return rows;
      },
      { maxRows: 10 },
    );
    const large = same
      .run(
        "a",
        Array.from({ length: 95 }, (_, i) => i),
      )
      .then((rows) => {
        order.push("large");
        return rows;
      });
    const small = same.run("a", [7]).then(() => order.push("small"));
    expect(await large).toEqual(Array.from({ length: 95 }, (_, i) => i));
    await small;
    expect(order).toEqual(["small", "large"]);
    expect(Math.max(...sizes)).toBe(10);
  });

  test("one caller's bad row fails that caller only", async () => {
    const picky = batched(async (_: string, rows: readonly number[]) => {
      if (rows.includes(13)) throw new Error("13");
      return rows;
    });
    const [good, bad, alsoGood] = await Promise.allSettled([
      picky.run("a", [1]),
      picky.run("a", [13]),
      picky.run("a", [2]),
    ]);
    expect(good).toEqual({ status: "fulfilled", value: [1] });
    expect(bad.status).toBe("rejected");
    expect(alsoGood).toEqual({ status: "fulfilled", value: [2] });
    expect(picky.queuedRows).toBe(0);
  });

  test("sheds load, but takes any single call when idle", async () => {
    const same = batched(async (_: string, rows: readonly number[]) => rows, { maxQueuedRows: 5 });
    const first = same.run("a", [1, 2, 3, 4, 5, 6]);
    await expect(same.run("a", [7])).rejects.toMatchObject({ code: "overloaded" });
    await first;
    expect(await same.run("a", [7])).toEqual([7]);
  });

  test("callers of a model for which sharing does not pay are served one by one", async () => {
    let clock = 0;
    const sizes: number[] = [];
    const images = batched(
      async (_: string, rows: readonly number[]) => {
        sizes.push(rows.length);
        clock += 40 * rows.length;
        return rows;
      },
      { now: () => clock, maxWaitMs: 1e9 },
    );
    await images.run("a", [1]);
    await images.run("a", [1, 2]);
    sizes.length = 0;
    await Promise.all([1, 2, 3].map((row) => images.run("a", [row])));
    expect(sizes).toEqual([1, 1, 1]);
  });

  test("a call that could not begin in time is dropped, and the model does not run for it", async () => {
    let clock = 0;
    const ran: number[] = [];
    const slow = batched(
      async (_: string, rows: readonly number[]) => {
        ran.push(...rows);
        clock += 100;
        return rows;
      },
      { now: () => clock, timeoutMs: 50 },
    );
    const first = slow.run("a", [1]);
    const second = slow.run("b", [2]);
    expect(await first).toEqual([1]);
    await expect(second).rejects.toMatchObject({ code: "timeout" });
    expect(ran).toEqual([1]);
  });

  test("one key may not have more calls waiting than its share", async () => {
    const same = batched(async (_: string, rows: readonly number[]) => rows, { maxCallsOfKey: 2 });
    const noisy = [same.run("a", [1]), same.run("a", [2])];
    await expect(same.run("a", [3])).rejects.toMatchObject({ code: "overloaded" });
    expect(await same.run("b", [4])).toEqual([4]);
    expect(await Promise.all(noisy)).toEqual([[1], [2]]);
  });

  test("when calls wait too long for too long, newcomers are sent away until the queue is short", async () => {
    let clock = 0;
    const slow = batched(
      async (_: string, rows: readonly number[]) => {
        clock += 300;
        return rows;
      },
      { now: () => clock, maxRows: 1, maxWaitMs: 250 },
    );
    const inside = [1, 2, 3, 4].map((row) => slow.run("a", [row]));
    await Promise.all(inside.slice(0, 3));
    await expect(slow.run("a", [5])).rejects.toMatchObject({ code: "unavailable" });
    expect(await Promise.all(inside)).toEqual([[1], [2], [3], [4]]);
    expect(await slow.run("a", [6])).toEqual([6]);
  });

  test("keys with lanes of their own do not hold up the others", async () => {
    const order: string[] = [];
    let free: () => void = () => {};
    const mixed = batched(
      async (key: string, rows: readonly number[]) => {
        if (key === "thread") await new Promise<void>((done) => (free = done));
        order.push(key);
        return rows;
      },
      { lanes: (key) => (key === "thread" ? 1 : 0) },
    );
    const slow = mixed.run("thread", [1]);
    await mixed.run("here", [3]);
    const behind = mixed.run("thread", [2]);
    await mixed.run("here", [4]);
    expect(order).toEqual(["here", "here"]);
    free();
    await slow;
    await mixed.run("here", [5]);
    free();
    await behind;
    expect(order).toEqual(["here", "here", "thread", "here", "thread"]);
  });

  test("whatever the mix of keys, sizes and failures, everybody is answered with their own", async () => {
    const call = fc.record({
      key: fc.constantFrom("a", "b", "c"),
      rows: fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 30 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(call, { maxLength: 20 }), async (calls) => {
        const run = batched(
          async (key: string, rows: readonly number[]) => {
            if (rows.includes(0)) throw new Error("zero");
            return rows.map((row) => `${key}${row}`);
          },
          { maxRows: 7 },
        );
        const results = await Promise.allSettled(calls.map((c) => run.run(c.key, c.rows)));
        results.forEach((result, i) => {
          const { key, rows } = calls[i]!;
          if (rows.includes(0)) expect(result.status).toBe("rejected");
          else
            expect(result).toEqual({ status: "fulfilled", value: rows.map((r) => `${key}${r}`) });
        });
        expect(run.queuedRows).toBe(0);
      }),
    );
  });
});
