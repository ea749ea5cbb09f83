import { describe, expect, test } from "vitest";
import type { Run } from "../engine/engine.ts";
import type { Verdict } from "../evaluation/verdict.ts";
import { memoryPlatform } from "../testing/memory-platform.ts";
import { someVersion } from "../testing/memory-stores.ts";
import type { Platform } from "./platform.ts";
import { promoteByAlias } from "./promote-by-alias.ts";

const verdict = (pass: boolean): Verdict => ({
  ...{ pass, summary: "", warnings: [], results: [], couldNotHaveSeen: "" },
  reasons: pass ? [] : ["beats_baseline: it has auc 0.5, the baseline 0.6"],
});

/** The model "mail" of the project, and "other", of which it knows nothing. `runs` are adoptions, as they look one after the other. */
async function platformWith(pass: boolean, runs: readonly (Partial<Run> | undefined)[] = []) {
  const { platform, stores } = memoryPlatform();
  let now = 0;
  let looks = 0;
  const deps = {
    ...platform,
    clock: { now: () => now },
    evaluationOf: async () => ({ verdict: verdict(pass) }),
    engine: {
      async list() {
        const run = runs[Math.min(looks++, runs.length - 1)];
        return run === undefined ? [] : [run];
      },
    },
    pause: async (ms: number) => {
      now += ms;
    },
  } as unknown as Platform & { pause(ms: number): Promise<unknown> };
  const add = (version: Omit<ReturnType<typeof someVersion>, "report">) =>
    stores.registry.add(version);
  return { deps, stores, add };
}
const adoption = (state: Run["state"], model = "mail", number = 1) => ({
  ...{ id: "run_adopt", state },
  input: { model, registered: { number, source: "models:/m-1" } },
});

describe("the alias champion, set by a client", () => {
  test("promotes a version that passed its gates", async () => {
    const { deps, stores, add } = await platformWith(true);
    await add(someVersion("a"));
    expect(await promoteByAlias(deps, { model: "mail", number: 1 })).toBe("promoted");
    expect(stores.state.moves).toMatchObject([
      { alias: "champion", verdict: { pass: true }, reason: expect.stringMatching(/MLflow/) },
    ]);
  });

  test("is refused where gates failed, with their reasons and the way round", async () => {
    const { deps, stores, add } = await platformWith(false);
    await add(someVersion("a"));
    const asked = promoteByAlias(deps, { model: "mail", number: 1 });
    await expect(asked).rejects.toMatchObject({
      code: "gate_failed",
      message: expect.stringMatching(/auc 0\.5.*millwright promote mail 1 --force/),
    });
    expect(stores.state.moves).toEqual([]);
  });

  test("is refused for a version of the project's model that nobody judged", async () => {
    const { deps, add } = await platformWith(true);
    const { report: _, ...unjudged } = someVersion("a");
    await add(unjudged);
    await expect(promoteByAlias(deps, { model: "mail", number: 1 })).rejects.toThrow(
      /was not judged.*millwright\.reason/,
    );
  });

  test("promotes a model that the project does not know, and says that it was not judged", async () => {
    const { deps, stores, add } = await platformWith(true);
    const { report: _, ...unjudged } = someVersion("a");
    await add({ ...unjudged, model: "other" });
    await promoteByAlias(deps, { model: "other", number: 1 });
    expect(stores.state.moves).toMatchObject([
      { reason: expect.stringMatching(/imported, not judged/) },
    ]);
  });

  test("is only a name where nothing can be served", async () => {
    const over = await platformWith(true, [adoption("succeeded")]);
    expect(await promoteByAlias(over.deps, { model: "mail", number: 1 })).toBe("not servable");
    const never = await platformWith(true, [undefined]);
    expect(await promoteByAlias(never.deps, { model: "mail", number: 1 })).toBe("not servable");
  });

  test("waits for a version that is being adopted, but not for ever", async () => {
    const running = adoption("running");
    const looks = [undefined, ...new Array(5).fill(running), adoption("succeeded")];
    const { deps, add } = await platformWith(true, looks);
    const { pause } = deps;
    let pauses = 0;
    const arriving = {
      ...deps,
      async pause(ms: number) {
        if (++pauses === 5) await add(someVersion("a"));
        return pause(ms);
      },
    };
    expect(await promoteByAlias(arriving, { model: "mail", number: 1 })).toBe("promoted");
    expect(pauses).toBe(6);
    const stuck = await platformWith(true, [running]);
    await expect(promoteByAlias(stuck.deps, { model: "mail", number: 1 })).rejects.toMatchObject({
      code: "unavailable",
    });
  });

  test("waits for a version also when hundreds were registered after it", async () => {
    const { deps } = await platformWith(true);
    const later = Array.from({ length: 500 }, (_, i) => adoption("queued", "mail", i + 2));
    const engine = {
      list: async ({ limit = 100 }) => [...later, adoption("running")].slice(0, limit),
    };
    const asked = { ...deps, engine } as unknown as typeof deps;
    await expect(promoteByAlias(asked, { model: "mail", number: 1 })).rejects.toMatchObject({
      code: "unavailable",
    });
  });

  test("does not wait for another version's adoption", async () => {
    const { deps } = await platformWith(true, [adoption("running", "mail", 2)]);
    expect(await promoteByAlias(deps, { model: "mail", number: 1 })).toBe("not servable");
  });
});
