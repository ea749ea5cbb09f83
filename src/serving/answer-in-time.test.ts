import { beforeEach, describe, expect, test } from "vitest";
import { MillwrightError } from "../errors.ts";
import { digestOf } from "../lib/digest.ts";
import type { Signature } from "../onnx/signature.ts";
import { answerInTime } from "./answer-in-time.ts";
import type { PredictDeps } from "./predict.ts";
import { resting } from "./resting.ts";
import type { RoutedVersion, ServedRoute } from "./route.ts";
import { routeTable } from "./route-table.ts";
import { knownFields } from "./rows.ts";

const signature: Signature = {
  ...{ task: "regression", target: "y", classes: [] },
  columns: [{ name: "x", role: "numeric" }],
};
const version = (name: string): RoutedVersion => ({
  ...{ id: digestOf(name), number: 1, onnx: digestOf(name) },
});
const own = version("own");
const cheap = version("cheap");
const fields = {};

/** A model whose answers take as long as `takes` says, in a time that only they move, as a run that holds up the process does. */
let now = 0;
let takes = 0;
let fails: Error | undefined;
let asked: string[] = [];
let counted: [string, number][] = [];
let deps: PredictDeps;
beforeEach(() => {
  [now, takes, fails, asked, counted] = [0, 0, undefined, [], []];
  const routes = routeTable();
  routes.set({ model: "cheap", champion: cheap, shadow: undefined, fields, revision: 1 });
  deps = {
    ...{ routes, resting: resting(), clock: { now: () => now } },
    models: {
      input: async () => ({ signature, known: knownFields(signature, fields) }),
      async score(by: RoutedVersion, rows: readonly unknown[]) {
        asked.push(by === own ? "own" : "cheap");
        if (by === own) now += takes;
        if (by === own && fails) throw fails;
        return rows.map(() => ({ output: [by === own ? 1 : 2] }));
      },
    },
    count: (name: string, by: number) => counted.push([name, by]),
    alarm: () => ({ rings: new Promise(() => undefined), stop: () => undefined }),
  } as unknown as PredictDeps;
});
const route: ServedRoute = {
  ...{ model: "m", champion: own, shadow: undefined, fields, revision: 1 },
  ...{ fallback: ["cheap"], deadlineMs: 20 },
};
const answer = async () => {
  const input = { route, version: own, variant: "champion", rows: [{ x: 1 }], ids: ["p"] } as const;
  const { rows } = await answerInTime(deps, { ...input, at: now });
  return { value: rows[0]!.output[0], variant: rows[0]!.by.variant, level: rows[0]!.by.level };
};
const OWN = { value: 1, variant: "champion", level: 0 };
const CHEAP = { value: 2, variant: "fallback", level: 1 };

describe("a model that holds up the process longer than its deadline", () => {
  test("is used once, being there, and then rests for a second", async () => {
    takes = 50;
    expect(await answer()).toEqual(OWN);
    expect(await answer()).toEqual(CHEAP);
    expect(await answer()).toEqual(CHEAP);
    now += 1000;
    takes = 1;
    expect(await answer()).toEqual(OWN);
    expect(await answer()).toEqual(OWN);
    expect(asked).toEqual(["own", "cheap", "cheap", "own", "own"]);
  });
});

describe("a model that cannot be loaded", () => {
  test("is not tried again for ten seconds", async () => {
    fails = new MillwrightError("invalid_model", "broken");
    for (let i = 0; i < 3; i++) expect(await answer()).toEqual(CHEAP);
    expect(asked.filter((name) => name === "own")).toHaveLength(1);
    now += 10_000;
    fails = undefined;
    expect(await answer()).toEqual(OWN);
    expect(counted).toEqual([
      ["fallbacks", 1],
      ["fallbacks", 1],
      ["fallbacks", 1],
    ]);
  });
});

describe("a model that is overloaded", () => {
  test("is stood in for, and asked again at once", async () => {
    fails = new MillwrightError("overloaded", "too much");
    expect(await answer()).toEqual(CHEAP);
    fails = undefined;
    expect(await answer()).toEqual(OWN);
  });
});

test("what is wrong with the request itself is nobody else's to answer", async () => {
  for (const code of ["invalid_input", "unsupported", "storage_full", "cancelled"] as const) {
    fails = new MillwrightError(code, "no");
    await expect(answer()).rejects.toMatchObject({ code });
  }
});
