import { expect, test } from "vitest";
import { MillwrightError } from "../errors.ts";
import { placed } from "./placed.ts";
import type { RunThreads } from "./run-threads.ts";
import type { Runtime } from "./runtime.ts";

function stage() {
  const ran: string[] = [];
  let clock = 0;
  let cost = 1;
  let lost = false;
  const runtime: Runtime = {
    name: "fake",
    load: async () => ({
      inputs: [],
      outputs: [],
      async run() {
        ran.push("here");
        clock += cost;
        return {};
      },
      close: async () => void ran.push("closed here"),
    }),
  };
  const opened: Uint8Array[] = [];
  const threads: RunThreads = {
    size: 2,
    async open(model) {
      opened.push(model);
      return {
        async run() {
          if (lost) throw new MillwrightError("unavailable", "gone");
          ran.push("there");
          return {};
        },
        close: async () => void ran.push("closed there"),
      };
    },
    close: async () => undefined,
  };
  return {
    ...{ ran, opened, runtime: placed(runtime, threads, () => clock) },
    costs: (ms: number) => (cost = ms),
    loses: () => (lost = true),
  };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test("a model moves to the threads when run after run was heavy, not for one large batch", async () => {
  const { runtime, ran, costs, loses } = stage();
  const session = await runtime.load(new Uint8Array());
  for (const ms of [100, 100, 1, 100, 100, 100, 100]) {
    costs(ms);
    await session.run({});
  }
  await turn();
  expect(session.lanes).toBe(0);
  await session.run({});
  await turn();
  expect(session.lanes).toBe(2);
  await session.run({});
  expect(ran.at(-1)).toBe("there");
  loses();
  await session.run({});
  expect(ran.at(-1)).toBe("here");
  expect(session.lanes).toBe(0);
});

test("both places are closed", async () => {
  const { runtime, ran, costs } = stage();
  const session = await runtime.load(new Uint8Array());
  costs(20);
  for (let i = 0; i < 5; i++) await session.run({});
  await turn();
  await session.close();
  expect(ran.slice(-2)).toEqual(["closed here", "closed there"]);
});

test("the file is read again when its model moves, and not kept until then", async () => {
  const { runtime, opened, costs } = stage();
  const file = Uint8Array.of(1, 2, 3);
  const session = await runtime.load(new Uint8Array(), { again: async () => file });
  costs(100);
  for (let i = 0; i < 5; i++) await session.run({});
  await turn();
  expect(opened).toEqual([file]);
});
