import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { snapshot } from "./snapshot.ts";

const folder = mkdtempSync(join(tmpdir(), "millwright-snapshot-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("a snapshot is replaced as a whole, the last write wins, and a draft left by a crash does no harm", async () => {
  const path = join(folder, "deep", "routes.json");
  const kept = snapshot<{ n: number }>(path);
  expect(await kept.read()).toBeUndefined();
  await Promise.all([1, 2, 3].map((n) => kept.write({ n })));
  expect(await kept.read()).toEqual({ n: 3 });
  writeFileSync(`${path}.${process.pid}.draft`, '{"n":');
  expect(await snapshot(path).read()).toEqual({ n: 3 });
  await kept.write({ n: 4 });
  expect(readdirSync(join(folder, "deep"))).toEqual(["routes.json"]);
  writeFileSync(path, '{"n":');
  expect(await kept.read()).toBeUndefined();
});
