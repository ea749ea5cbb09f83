import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MillwrightError } from "../errors.ts";
import { type TestDatabase, testDatabase } from "../testing/database.ts";
import { quietLog } from "../testing/quiet-log.ts";
import { dbosEngine } from "./dbos.ts";
import type { Engine, FanOutResult, StepContext, Steps } from "./engine.ts";

const log = quietLog();
let db: TestDatabase;
let engine: Engine;
let observer: Engine;

const seen = async (claim: () => boolean | Promise<boolean>) => {
  while (!(await claim())) await new Promise((resolve) => setTimeout(resolve, 20));
};
const untilAborted = async ({ signal }: StepContext): Promise<never> => {
  await seen(() => signal.aborted);
  throw new MillwrightError("cancelled", "stopped as asked");
};
const childrenOf = (parent: string) => observer.list({ parent, limit: 20_000 });
/** Each child's body leaves a mark a time. */
const marks = new Map<number, number>();

beforeAll(async () => {
  db = await testDatabase();
  engine = dbosEngine({ url: db.url, sql: db.sql, log });
  observer = dbosEngine({ url: db.url, sql: db.sql, log });
  for (const [name, run] of Object.entries({
    child: async (steps: Steps, { n, size = 0 }: { n: number; size?: number }) => {
      if (n < 0) throw new MillwrightError("invalid_data", `there is no square root of ${n}`);
      await steps.step("mark", async () => {
        marks.set(n, (marks.get(n) ?? 0) + 1);
      });
      return { root: Math.sqrt(n), ballast: "x".repeat(size) };
    },
    endless: async (steps: Steps) => steps.step("turn", untilAborted),
    parent: async (steps: Steps, { inputs, pipeline }: { inputs: unknown[]; pipeline: string }) => {
      const before = await steps.step("before", async () => "b");
      const outcomes = await steps.fanOut<{ root: number }>("roots of all", pipeline, inputs);
      return { before, outcomes: outcomes as FanOutResult<{ root: number }>[] };
    },
    nested: async (steps: Steps, { inputs }: { inputs: number[][] }) => {
      const [left, right] = await Promise.all(
        inputs.map((part, i) =>
          steps.fanOut(`part ${i}`, "parent", [
            { inputs: part.map((n) => ({ n })), pipeline: "child" },
          ]),
        ),
      );
      return [left![0]!.ok, right![0]!.ok];
    },
    lost: async (steps: Steps) => {
      const outcome = await steps.fanOut("x", "nobody", [1]).catch((e: Error) => e.message);
      const priority = await steps
        .fanOut("y", "child", [1], { priority: 1e6 })
        .catch((e: Error) => e.message);
      return [outcome, priority];
    },
    leaves: async (steps: Steps) => {
      const going = steps.fanOut("going", "endless", [null, null]);
      going.catch(() => {});
      await steps.step("until they are there", () =>
        seen(async () => (await childrenOf(steps.runId)).length === 2),
      );
      throw new MillwrightError("invalid_data", "parent gives up");
    },
  }))
    engine.register({ name, run: run as never });
  await engine.start({ work: true, concurrency: 1 });
  await observer.start({ work: false });
});
afterAll(async () => {
  await engine?.stop();
  await observer?.stop();
  await db?.stop();
});

type ParentResult = { before: string; outcomes: FanOutResult<{ root: number }>[] };

describe("a fan-out", () => {
  test("outcomes come in order, failed children as values, with a single place to work in", async () => {
    const inputs = [4, -1, 9, 16].map((n) => ({ n }));
    const id = await observer.submit("parent", { inputs, pipeline: "child" });
    const { outcomes } = await observer.wait<ParentResult>(id);
    expect(outcomes.map((o) => (o.ok ? o.value.root : o.error))).toEqual([
      2,
      { code: "invalid_data", message: "there is no square root of -1" },
      3,
      4,
    ]);
    expect(outcomes[2]!.runId).toBe(`${id}.2-roots-of-all.2`);
    const children = await childrenOf(id);
    expect(children.map((c) => c.id).sort()).toEqual(outcomes.map((o) => o.runId).sort());
    expect(children[0]!.parent).toEqual({ id, step: "roots of all" });
    expect((await observer.list()).map((run) => run.id)).toContain(id);
    expect((await observer.list()).some((run) => run.parent)).toBe(false);
    expect((await observer.steps(id)).map((s) => [s.name, s.state])).toEqual([
      ["before", "succeeded"],
      ["roots of all", "succeeded"],
    ]);
  });

  test("no inputs, no children; fan-outs may be side by side and within each other", async () => {
    const none = await observer.submit("parent", { inputs: [], pipeline: "child" });
    expect((await observer.wait<ParentResult>(none)).outcomes).toEqual([]);
    const nested = await observer.submit("nested", { inputs: [[1, 4], [9]] });
    expect(await observer.wait(nested)).toEqual([true, true]);
  });

  test("what cannot be placed is said, and can be caught", async () => {
    const [nobody, priority] = await observer.wait<string[]>(await observer.submit("lost", null));
    expect(nobody).toMatch(/no pipeline 'nobody'. Known: child/);
    expect(priority).toMatch(/Priority 1000000: a whole number from -100 to 100/);
  });

  test("two thousand children with results of some KB: each once, all there", async () => {
    const inputs = Array.from({ length: 2000 }, (_, i) => ({ n: 1000 + i, size: 3000 }));
    await engine.stop();
    await engine.start({ work: true, concurrency: 50 });
    marks.clear();
    const id = await observer.submit("parent", { inputs, pipeline: "child" });
    const said: string[] = [];
    const { outcomes } = await observer.wait<ParentResult>(id, ({ progress }) => {
      if (progress) said.push(progress.message);
    });
    expect(outcomes.map((o) => o.ok && o.value.root)).toEqual(inputs.map(({ n }) => Math.sqrt(n)));
    expect([...marks.values()].filter((n) => n !== 1)).toEqual([]);
    expect(marks.size).toBe(2000);
    expect(said.some((text) => /^\d+ of 2000, \d+ running, about .* left$/.test(text))).toBe(true);
  });

  test("cancelled with its parent, at every level", async () => {
    const child = { inputs: [null, null, null], pipeline: "endless" };
    const id = await observer.submit("parent", { inputs: [child, child], pipeline: "parent" });
    await seen(async () => (await observer.get(id))?.state === "waiting");
    await seen(async () => (await childrenOf(id)).length === 2);
    for (const { id: inner } of await childrenOf(id))
      await seen(async () => (await childrenOf(inner)).length === 3);
    await observer.cancel(id);
    await expect(observer.wait(id)).rejects.toMatchObject({ code: "cancelled" });
    const children = await childrenOf(id);
    expect(children.map((run) => run.state)).toEqual(["cancelled", "cancelled"]);
    for (const { id: inner } of children)
      expect((await childrenOf(inner)).map((run) => run.state)).toEqual(Array(3).fill("cancelled"));
  });

  test("a cancelled child is an outcome; a parent that fails takes its children with it", async () => {
    const id = await observer.submit("parent", { inputs: [null], pipeline: "endless" });
    await seen(async () => (await childrenOf(id))[0]?.state === "running");
    await observer.cancel(`${id}.2-roots-of-all.0`);
    const { outcomes } = await observer.wait<ParentResult>(id);
    expect(outcomes[0]).toMatchObject({ ok: false, error: { code: "cancelled" } });

    const leaving = await observer.submit("leaves", null);
    await expect(observer.wait(leaving)).rejects.toThrow(/parent gives up/);
    await seen(async () => (await childrenOf(leaving)).every((run) => run.state === "cancelled"));
  });

  test("a parent that is interrupted while it waits adopts its children", async () => {
    const inputs = [1, 4, 9].map((n) => ({ n }));
    const one = [{ inputs: [null], pipeline: "endless" }];
    const id = await observer.submit("parent", { inputs: one, pipeline: "parent" });
    await seen(async () => (await childrenOf(id))[0]?.state === "waiting");
    const [before] = await childrenOf(id);
    await engine.stop();
    await engine.start({ work: true, concurrency: 1 });
    await seen(async () => (await childrenOf(`${before!.id}`))[0]?.state === "running");
    expect((await childrenOf(id)).map((run) => run.id)).toEqual([before!.id]);
    await observer.cancel((await childrenOf(before!.id))[0]!.id);
    expect((await observer.wait<ParentResult>(id)).outcomes[0]!.ok).toBe(true);
    const after = await observer.submit("parent", { inputs, pipeline: "child" });
    expect((await observer.wait<ParentResult>(after)).outcomes).toHaveLength(3);
  });
});
