import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { checkInside, resultInside } from "./source-inside.ts";

let project: string;
beforeAll(() => {
  const root = mkdtempSync(join(tmpdir(), "millwright-inside-"));
  project = join(root, "project");
  mkdirSync(join(project, "data/.hidden"), { recursive: true });
  mkdirSync(join(project, ".millwright"));
  for (const name of [
    "data/a.csv",
    "data/b.csv.gz",
    "data/.hidden/c.csv",
    ".millwright/log.parquet",
    "millwright.config.ts",
  ])
    writeFileSync(join(project, name), "x\n1\n");
  writeFileSync(join(root, "secret.csv"), "x\n1\n");
  symlinkSync(join(root, "secret.csv"), join(project, "data/link.csv"));
  symlinkSync(join(project, "millwright.config.ts"), join(project, "data/code.csv"));
});
afterAll(() => rmSync(join(project, ".."), { recursive: true, force: true }));

test("data files of the project may be read, also by a glob", async () => {
  await checkInside("data/a.csv", project);
  await checkInside("./data/?.csv*", project);
});

test.each([
  ["../secret.csv", /leads out/],
  ["data/../../secret.csv", /leads out/],
  ["/etc/passwd", /leads out/],
  ["data/link.csv", /leads out/],
  ["data/l*.csv", /leads out/],
  ["data/code.csv", /no data file/],
  ["millwright.config.ts", /no data file/],
  [".millwright/log.parquet", /hidden/],
  ["data/.hidden/*.csv", /hidden/],
  ["data/none.csv", /does not exist/],
  ["file:///etc/passwd", /URL|does not exist/],
])("%s may not", async (uri, why) => {
  await expect(checkInside(uri, project)).rejects.toThrow(why);
});

test("results go into a folder of their own, which is no link", async () => {
  expect(await resultInside("a.parquet", project)).toBe(join(project, "scores/a.parquet"));
  rmSync(join(project, "scores"), { recursive: true });
  symlinkSync(tmpdir(), join(project, "scores"));
  await expect(resultInside("a.parquet", project)).rejects.toThrow(/link/);
});
