import { expect, test } from "vitest";
import { sharedByKey } from "./shared-by-key.ts";

function counted() {
  const closed: string[] = [];
  const opened: string[] = [];
  const shared = sharedByKey<string, string>(async (thing) => {
    closed.push(thing);
  });
  const take = (key: string) =>
    shared.take(key, async () => {
      opened.push(key);
      return `${key}${opened.length}`;
    });
  return { shared, take, opened, closed };
}

test("opened once for all who take it, closed by the last", async () => {
  const { take, opened, closed } = counted();
  const [a, b] = await Promise.all([take("x"), take("x")]);
  expect([a.value, b.value, opened]).toEqual(["x1", "x1", ["x"]]);
  await a.release();
  expect(closed).toEqual([]);
  await b.release();
  expect(closed).toEqual(["x1"]);
  expect((await take("x")).value).toBe("x2");
});

test("what could not be opened is tried again by the next", async () => {
  const { shared, take } = counted();
  const fail = () => shared.take("x", () => Promise.reject(new Error("no")));
  const both = await Promise.allSettled([fail(), fail()]);
  expect(both.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect((await take("x")).value).toBe("x1");
});
