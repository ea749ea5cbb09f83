import { expect, test } from "vitest";
import { overload } from "./overload.ts";

test("a burst is let in; a standing queue is not, until one waits less again", () => {
  const door = overload({ targetMs: 100, forMs: 500 });
  door.begun(900, 1000);
  expect(door.shedding(1400)).toBeUndefined();
  door.begun(300, 1500);
  expect(door.shedding(1501)).toBe(300);
  door.begun(20, 1600);
  expect(door.shedding(1600)).toBeUndefined();
  door.begun(200, 1700);
  door.idle();
  expect(door.shedding(9000)).toBeUndefined();
});
