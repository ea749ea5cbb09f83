import { describe, expect, test } from "vitest";
import type { Digest } from "../lib/digest.ts";
import { quietLog } from "../testing/quiet-log.ts";
import { type HotModels, type PrefetchParts, prefetch } from "./prefetch.ts";

const digest = (name: string): Digest => `sha256:${name}`;

function stage(hot: readonly string[], filledAfter = 100, elsewhere?: readonly string[]) {
  const loaded: string[] = [];
  const written: HotModels[] = [];
  const told: (readonly Digest[])[] = [];
  let ready = false;
  const parts: PrefetchParts = {
    kept: {
      read: async () => ({ models: hot.map(digest) }),
      write: async (value) => void written.push(value),
    },
    shared: elsewhere && {
      read: async () => elsewhere.map(digest),
      write: async (models) => void told.push(models),
    },
    sessions: {
      recent: () => loaded.map(digest).reverse(),
      isLoaded: (model) => loaded.includes(model.slice(7)),
      async use(model) {
        if (model === digest("broken")) throw new Error("broken");
        loaded.push(model.slice(7));
      },
      get filled() {
        return loaded.length >= filledAfter ? 1 : 0;
      },
    },
    ready: () => {
      const before = ready;
      ready = true;
      return before;
    },
    routed: () => (ready === false ? new Set() : new Set(["a", "b", "c", "broken"].map(digest))),
    busy: () => false,
    ...{ log: quietLog(), everyMs: 60_000 },
  };
  return { parts, loaded, written, told };
}

describe("models loaded ahead", () => {
  test("those that were hot and still answer, hottest first; a broken one stops nothing", async () => {
    const { parts, loaded, written } = stage(["b", "gone", "broken", "a"]);
    const ahead = prefetch(parts);
    expect(await ahead.done).toBe(2);
    expect(loaded).toEqual(["b", "a"]);
    await ahead.stop();
    expect(written).toEqual([{ models: ["a", "b"].map(digest) }]);
  });

  test("on a new machine those that are hot elsewhere, once its routes are known; and the others are told", async () => {
    const { parts, loaded, told } = stage([], 100, ["b", "gone", "a"]);
    const ahead = prefetch(parts);
    expect(await ahead.done).toBe(2);
    expect(loaded).toEqual(["b", "a"]);
    await ahead.stop();
    expect(told).toEqual([["a", "b"].map(digest)]);
  });

  test("its own and those of the others take turns", async () => {
    const { parts, loaded } = stage(["a", "b"], 100, ["c", "a"]);
    await prefetch(parts).done;
    expect(loaded).toEqual(["a", "c", "b"]);
  });

  test("no more than fit", async () => {
    const { parts, loaded } = stage(["a", "b", "c"], 2);
    await prefetch(parts).done;
    expect(loaded).toEqual(["a", "b"]);
  });
});
