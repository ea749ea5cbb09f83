import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Compute } from "../compute.ts";
import { threadCompute } from "./threads.ts";

const ENTRY = `
import { serveCompute } from "./src/engine/executors/serve.ts";
import { MillwrightError } from "./src/errors.ts";
import { threadId } from "node:worker_threads";

/** Each member sums its share of a shared array into its own slot. */
const sum = (init, index, size) => {
  if (init.refuse === index) throw new Error("cannot begin");
  const values = new Float64Array(init.values), sums = new Float64Array(init.sums);
  return (op) => {
    if (init.fail === index && op === 3) throw new Error("bad share");
    if (init.die === index && op === 3) process.exit(9);
    if (op === 4) { new Int32Array(init.memory.buffer)[index] = index * 10; return; }
    let s = 0;
    for (let i = index; i < values.length; i += size) s += values[i] * op;
    sums[index] = s;
  };
};
serveCompute({
  members: { sum },
  tasks: {
    double: async (context, { n }) => n * 2,
    thread: async () => threadId,
    fail: async () => { throw new MillwrightError("invalid_data", "row 3 is bad", { details: { row: 3 } }); },
    exit: async () => process.exit(3),
    crash: () => new Promise(() => setTimeout(() => { throw new Error("later"); }, 1)),
    fill: async () => { const all = []; for (;;) all.push(new Array(1000).fill({}).map(() => ({ a: 1 }))); },
    spin: async (context) => {
      context.progress("spinning", 0.5);
      while (!context.signal.aborted);
      throw new MillwrightError("cancelled", "stopped");
    },
    team: async (context, { size, rounds, ...faults }) => {
      const values = new SharedArrayBuffer(8 * 1000), sums = new SharedArrayBuffer(8 * size);
      new Float64Array(values).fill(1);
      const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
      const team = context.openTeam("sum", size, { values, sums, memory, ...faults });
      try {
        const out = [];
        for (let op = 1; op <= rounds; op++) {
          team.broadcast(op === 4 ? 1 : op);
          out.push(new Float64Array(sums).reduce((a, b) => a + b, 0));
        }
        team.broadcast(4);
        out.push([...new Int32Array(memory.buffer, 0, size)]);
        return out;
      } finally { team.close(); }
    },
  },
});
`;

let folder: string;
let compute: Compute;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "millwright-threads-"));
  await build({
    stdin: { contents: ENTRY, resolveDir: process.cwd(), loader: "js" },
    bundle: true,
    platform: "node",
    format: "esm",
    outfile: join(folder, "entry.mjs"),
    logLevel: "error",
  });
  compute = threadCompute({ entry: join(folder, "entry.mjs"), size: 2, heapMb: 64 });
});
afterAll(async () => {
  await compute.close();
  rmSync(folder, { recursive: true, force: true });
});

describe("compute threads", () => {
  test("tasks queue for the threads, and results come back in order", async () => {
    const all = await Promise.all(
      Array.from({ length: 20 }, (_, n) => compute.run<number>("double", { n })),
    );
    expect(all).toEqual(Array.from({ length: 20 }, (_, n) => n * 2));
    const threads = await Promise.all(
      Array.from({ length: 10 }, () => compute.run<number>("thread", null)),
    );
    expect(new Set(threads).size).toBeLessThanOrEqual(2);
  });

  test("errors arrive as they were thrown", async () => {
    await expect(compute.run("fail", null)).rejects.toMatchObject({
      code: "invalid_data",
      message: "row 3 is bad",
      details: { row: 3 },
    });
    await expect(compute.run("none", null)).rejects.toThrow(/no compute task 'none'/);
  });

  test("a thread that exits, crashes or runs out of memory fails its task only", async () => {
    await expect(compute.run("exit", null)).rejects.toThrow(/ended: it exited with code 3/);
    await expect(compute.run("crash", null)).rejects.toThrow(/ended: later/);
    await expect(compute.run("fill", null)).rejects.toThrow(/ran out of memory \(64 MiB/);
    expect(await compute.run("double", { n: 21 })).toBe(42);
  });

  test("progress arrives while the task computes; the caller's signal reaches it", async () => {
    const controller = new AbortController();
    const seen: unknown[] = [];
    const task = compute.run("spin", null, {
      signal: controller.signal,
      progress: (message, fraction) => {
        seen.push([message, fraction]);
        controller.abort();
      },
    });
    await expect(task).rejects.toMatchObject({ code: "cancelled" });
    expect(seen).toEqual([["spinning", 0.5]]);
    await expect(
      compute.run("double", { n: 1 }, { signal: controller.signal }),
    ).rejects.toMatchObject({ code: "cancelled" });
  });

  test("a team works in lock-step over shared memory, whatever its size", async () => {
    for (const size of [1, 2, 3])
      expect(await compute.run("team", { size, rounds: 3 })).toEqual([
        1000,
        2000,
        3000,
        Array.from({ length: size }, (_, i) => i * 10),
      ]);
    expect((await compute.run<number[]>("team", { size: 2, rounds: 2000 })).length).toBe(2001);
  });

  test("what goes wrong in a member surfaces in the task, and hangs nothing", async () => {
    const run = (faults: Record<string, number>) =>
      compute.run("team", { size: 3, rounds: 5, ...faults });
    await expect(run({ fail: 2 })).rejects.toThrow(/Thread 2 of 3 of team 'sum' failed: bad share/);
    await expect(run({ refuse: 1 })).rejects.toThrow(/Thread 1 .* cannot begin/);
    await expect(run({ die: 1 })).rejects.toThrow(
      /Thread 1 .* its thread ended: it exited with code 9/,
    );
    await expect(run({ fail: 0 })).rejects.toThrow(/bad share/);
    expect(await compute.run("double", { n: 3 })).toBe(6);
  });
});
