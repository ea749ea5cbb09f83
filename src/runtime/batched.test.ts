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
