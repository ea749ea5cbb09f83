import { describe, expect, test } from "vitest";
import type { Digest } from "../lib/digest.ts";
import { sessions } from "./sessions.ts";

const digest = (name: string): Digest => `sha256:${name}`;

function shelf(options: Parameters<typeof sessions>[1] = {}) {
  const events: string[] = [];
  let fail = false;
  const shelf = sessions(async (model) => {
    events.push(`load ${model}`);
    await Promise.resolve();
    if (fail) throw new Error("broken");
    const close = async () => void events.push(`close ${model}`);
    const session = { inputs: [], outputs: [], run: async () => ({}), close };
    return { session, about: model, bytes: 10 };
  }, options);
  return { shelf, events, breaks: (state: boolean) => (fail = state) };
}

describe("sessions", () => {
  test("a model is loaded once, whoever asks at the same time", async () => {
    const { shelf: models, events } = shelf();
    const [a, b] = await Promise.all([
      models.use(digest("a"), async ({ about }) => about),
      models.use(digest("a"), async ({ about }) => about),
    ]);
    expect([a, b]).toEqual([digest("a"), digest("a")]);
    expect(events).toEqual(["load sha256:a"]);
  });

  test("the least recently used one goes first, but never while in use", async () => {
    const { shelf: models, events } = shelf({ maxBytes: 20 });
    let release = (): void => {};
    const busy = models.use(digest("a"), () => new Promise<void>((done) => (release = done)));
    for (const name of ["b", "c", "d"]) await models.use(digest(name), async () => undefined);
    expect(models.loadedBytes).toBe(20);
    expect(events.filter((e) => e.startsWith("close"))).toEqual(["close sha256:b"]);
    release();
    await busy;
    expect(events.filter((e) => e.startsWith("close"))).toEqual([
      "close sha256:b",
      "close sha256:a",
    ]);
    expect(models.isLoaded(digest("a"))).toBe(false);
    await models.close();
    expect(events.filter((e) => e.startsWith("close"))).toHaveLength(4);
    await expect(models.use(digest("a"), async () => 1)).rejects.toMatchObject({
      code: "unavailable",
    });
  });

  test("a dropped model finishes what it does, leaves, and comes back when it is used", async () => {
    const { shelf: models, events } = shelf();
    let release = (): void => {};
    const busy = models.use(digest("a"), () => new Promise<void>((done) => (release = done)));
    await Promise.resolve().then(() => Promise.resolve());
    models.drop(digest("a"));
    models.drop(digest("never loaded"));
    expect(models.loadedBytes).toBe(0);
    expect(events).toEqual(["load sha256:a"]);
    release();
    await busy;
    expect(events).toEqual(["load sha256:a", "close sha256:a"]);
    expect(await models.use(digest("a"), async ({ about }) => about)).toBe(digest("a"));
  });

  test("a failed load is not remembered", async () => {
    const { shelf: models, breaks } = shelf();
    breaks(true);
    await expect(models.use(digest("a"), async () => 1)).rejects.toThrow("broken");
    breaks(false);
    expect(await models.use(digest("a"), async () => 1)).toBe(1);
    expect(models.loaded).toBe(1);
  });
});
