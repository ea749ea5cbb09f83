import { describe, expect, test } from "vitest";
import type { Digest } from "../lib/digest.ts";
import { quietLog } from "../testing/quiet-log.ts";
import { type HotModels, type PrefetchParts, prefetch } from "./prefetch.ts";

const digest = (name: string): Digest => `sha256:${name}`;

function stage(hot: readonly string[], filledAfter = 100) {
  const loaded: string[] = [];
  const written: HotModels[] = [];
  const parts: PrefetchParts = {
    kept: {
      read: async () => ({ models: hot.map(digest) }),
      write: async (value) => void written.push(value),
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
    routed: () => new Set(["a", "b", "c", "broken"].map(digest)),
    busy: () => false,
    ...{ log: quietLog(), everyMs: 60_000 },
  };
  return { parts, loaded, written };
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

  test("no more than fit", async () => {
    const { parts, loaded } = stage(["a", "b", "c"], 2);
    await prefetch(parts).done;
    expect(loaded).toEqual(["a", "b"]);
  });
});
