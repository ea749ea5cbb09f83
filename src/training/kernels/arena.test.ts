import { describe, expect, test } from "vitest";
import { openArena } from "./arena.ts";

describe("arena", () => {
  test("grows as asked for, in aligned pieces that do not overlap", () => {
    const arena = openArena();
    const a = arena.alloc(100);
    const b = arena.alloc(5_000_000);
    expect([a % 64, b % 64]).toEqual([0, 0]);
    expect(b).toBeGreaterThanOrEqual(a + 100);
    expect(arena.memory.buffer.byteLength).toBeGreaterThanOrEqual(b + 5_000_000);
    arena.release();
  });

  test("says what to do when a fit cannot have so much memory", () => {
    const arena = openArena();
    expect(() => arena.alloc(5 * 2 ** 30)).toThrow(/at most 4 GiB: train on fewer rows/);
    arena.release();
  });

  test("the next fit gets the memory of the last", () => {
    const first = openArena();
    first.release();
    const second = openArena();
    const third = openArena();
    expect(second.memory).toBe(first.memory);
    expect(third.memory).not.toBe(first.memory);
    second.release();
    third.release();
  });
});
