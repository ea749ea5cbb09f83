import { describe, expect, test } from "vitest";
import { keysUnder, type State } from "../storage/state/state.ts";

/**
 * What every driver of online state must do. Call it once in the driver's test; `open` gives a store with nothing in it, and
 * `other` the same store as another process sees it, or nearly so.
 */
export function stateContract(
  name: string,
  open: () => Promise<{ readonly state: State; other(): Promise<State> }>,
): void {
  describe(`${name} keeps state`, () => {
    test("what was put comes back, also to others, until it is replaced or deleted", async () => {
      const { state, other } = await open();
      expect(await state.get("a")).toBeUndefined();
      await state.put("a", bytes("1"));
      expect(text(await state.get("a"))).toBe("1");
      const second = await other();
      expect(text(await second.get("a"))).toBe("1");
      await second.put("a", bytes("two"));
      await expect.poll(async () => text(await state.get("a"))).toBe("two");
      await state.delete("a");
      await state.delete("a");
      expect(await state.get("a")).toBeUndefined();
    });

    test("values are any bytes, from none to 1 MiB; what is given back is the caller's own", async () => {
      const { state } = await open();
      const large = new Uint8Array(2 ** 20).map((_, i) => (i * 7919) >> 3);
      await state.put("large", large);
      await state.put("empty", new Uint8Array(0));
      await state.put("part", large.subarray(100, 356));
      const [empty, found, part] = await state.getMany(["empty", "large", "part"]);
      expect(empty?.length).toBe(0);
      expect(Buffer.compare(found!, large)).toBe(0);
      expect([...part!]).toEqual([...large.subarray(100, 356)]);
      part!.fill(0);
      expect([...(await state.get("part"))!]).toEqual([...large.subarray(100, 356)]);
      await expect(state.put("x", new Uint8Array(2 ** 20 + 1))).rejects.toMatchObject(REFUSED);
    });

    test("many at once, in the order of the keys, absent ones and repeated ones as well", async () => {
      const { state } = await open();
      const keys = Array.from({ length: 3000 }, (_, i) => `many/${i}`);
      await state.putMany(keys.map((key, i) => [key, bytes(String(i))]));
      const found = await state.getMany([...keys, "absent", keys[7]!]);
      expect(found.map(text)).toEqual([...keys.map((_, i) => String(i)), undefined, "7"]);
      expect(await state.getMany([])).toEqual([]);
      await state.putMany([]);
      await expect(state.getMany(new Array(10_001).fill("a"))).rejects.toMatchObject(REFUSED);
    });

    test("keys are text of every language; what cannot be one is refused", async () => {
      const { state } = await open();
      const keys = ["ключ/日本/😀", "with space", "a*b?c[d]^-\\", "x".repeat(512), "A", "a"];
      await state.putMany(keys.map((key) => [key, bytes(key)]));
      expect((await state.getMany(keys)).map(text)).toEqual(keys);
      for (const key of ["", "x".repeat(513), "a\0b", "a\nb", "half \ud83d"])
        for (const use of [
          () => state.get(key),
          () => state.getMany(["a", key]),
          () => state.put(key, bytes("")),
          () => state.putMany([[key, bytes("")]]),
          () => state.delete(key),
          () => state.replace(key, undefined, bytes("")),
          () => state.add(key, 1),
        ])
          await expect(use()).rejects.toMatchObject(REFUSED);
    });

    test("a value is replaced only while it is what the caller has seen", async () => {
      const { state } = await open();
      expect(await state.replace("a", bytes("0"), bytes("1"))).toBe(false);
      expect(await state.get("a")).toBeUndefined();
      expect(await state.replace("a", undefined, bytes("1"))).toBe(true);
      expect(await state.replace("a", undefined, bytes("2"))).toBe(false);
      expect(await state.replace("a", bytes("10"), bytes("2"))).toBe(false);
      expect(await state.replace("a", bytes("1"), bytes("2"))).toBe(true);
      expect(text(await state.get("a"))).toBe("2");
      await state.put("none", new Uint8Array(0));
      expect(await state.replace("none", undefined, bytes("1"))).toBe(false);
      expect(await state.replace("none", new Uint8Array(0), bytes("1"))).toBe(true);
    });

    test("of many that replace at the same time exactly one does", async () => {
      const { state, other } = await open();
      const second = await other();
      for (let round = 0; round < 20; round++) {
        const before = round === 0 ? undefined : await state.get("turn");
        const all = await Promise.all(
          Array.from({ length: 10 }, (_, i) =>
            (i % 2 ? state : second).replace("turn", before, bytes(`${round}/${i}`)),
          ),
        );
        expect(all.filter((won) => won)).toHaveLength(1);
      }
    });

    test("counters lose nothing, whoever counts", async () => {
      const { state, other } = await open();
      const second = await other();
      const sums = await Promise.all(
        Array.from({ length: 400 }, (_, i) => (i % 2 ? state : second).add("n", i % 4 ? 3 : -1)),
      );
      expect(await state.add("n", 0)).toBe(300 * 3 - 100);
      expect(sums).toContain(300 * 3 - 100);
      expect(text(await state.get("n"))).toBe("800");
    });

    test("only integers are counted, and only as far as they are exact", async () => {
      const { state } = await open();
      const most = Number.MAX_SAFE_INTEGER;
      expect(await state.add("n", most)).toBe(most);
      await expect(state.add("n", 1)).rejects.toMatchObject(REFUSED);
      expect(text(await state.get("n"))).toBe(String(most));
      expect(await state.add("n", -most)).toBe(0);
      expect(await state.add("n", -most)).toBe(-most);
      await expect(state.add("n", -1)).rejects.toMatchObject(REFUSED);
      for (const by of [0.5, Number.NaN, 2 ** 53])
        await expect(state.add("m", by)).rejects.toMatchObject(REFUSED);
      for (const word of ["", "1.5", "many", "1e3", " 1", "0x10"]) {
        await state.put("word", bytes(word));
        await expect(state.add("word", 1)).rejects.toThrow(/holds no integer/);
        expect(text(await state.get("word"))).toBe(word);
      }
      await state.put("given", bytes("41"));
      expect(await state.add("given", 1)).toBe(42);
    });

    test("what has a life goes when that is over, in every way of asking", async () => {
      const { state } = await open();
      const life = { ttlMs: 400 };
      await state.put("put", bytes("1"), life);
      await state.putMany([["many", bytes("1")]], life);
      await state.replace("replaced", undefined, bytes("1"), life);
      await state.add("added", 1, life);
      await state.put("long", bytes("1"), { ttlMs: 3_600_000 });
      await state.put("kept", bytes("1"), life);
      await state.put("kept", bytes("2"));
      const mortal = ["put", "many", "replaced", "added"];
      const gone = async () => (await state.getMany(mortal)).every((v) => v === undefined);
      await expect.poll(gone).toBe(true);
      expect(await state.get("put")).toBeUndefined();
      expect(await state.replace("put", bytes("1"), bytes("2"))).toBe(false);
      expect(await state.replace("replaced", undefined, bytes("2"))).toBe(true);
      expect(await state.add("added", 5)).toBe(5);
      expect(text(await state.get("kept"))).toBe("2");
      expect(text(await state.get("long"))).toBe("1");
      expect((await keysUnder(state, "")).sort()).toEqual(["added", "kept", "long", "replaced"]);
      for (const ttlMs of [0, -1, 1.5, Number.NaN, 1e12])
        await expect(state.put("a", bytes(""), { ttlMs })).rejects.toMatchObject(REFUSED);
    });

    test("a counter's life is the one it began with", async () => {
      const { state } = await open();
      await state.add("window", 1, { ttlMs: 500 });
      expect(await state.add("window", 1, { ttlMs: 3_600_000 })).toBe(2);
      await expect.poll(() => state.get("window")).toBeUndefined();
      await state.add("endless", 1);
      await state.add("endless", 1, { ttlMs: 1 });
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(text(await state.get("endless"))).toBe("2");
    });

    test("keys are found by what they begin with, in parts, each at least once", async () => {
      const { state } = await open();
      const keys = Array.from({ length: 2500 }, (_, i) => `[p]*/${i}`);
      await state.putMany([...keys, "[p]+", "p*/1", "[p", "q", "я/1"].map((k) => [k, bytes(k)]));
      expect((await keysUnder(state, "[p]*/")).sort()).toEqual([...keys].sort());
      expect(await keysUnder(state, "я")).toEqual(["я/1"]);
      expect(await keysUnder(state, "absent")).toEqual([]);
      expect(await keysUnder(state, "")).toHaveLength(keys.length + 5);
      await expect(state.keys("a\0")).rejects.toMatchObject(REFUSED);
    });

    test("a closed store says so", async () => {
      const { state } = await open();
      await state.put("a", bytes("1"));
      await state.close();
      await state.close();
      await expect(state.get("a")).rejects.toMatchObject({ code: "unavailable" });
      await expect(state.put("a", bytes("1"))).rejects.toMatchObject({ code: "unavailable" });
    });
  });
}

const REFUSED = { code: "invalid_input" };

const bytes = (value: string): Uint8Array => new TextEncoder().encode(value);
const text = (value: Uint8Array | undefined): string | undefined =>
  value && new TextDecoder().decode(value);
