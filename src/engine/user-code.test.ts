import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { loadUserCode } from "./user-code.ts";

const folder = mkdtempSync(join(tmpdir(), "millwright-code-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let made = 0;
function project(files: Readonly<Record<string, string>>): string {
  const own = join(folder, String(made++));
  mkdirSync(own);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(own, name), text);
  return join(own, "millwright.config.ts");
}
const load = (files: Readonly<Record<string, string>> | string) =>
  loadUserCode(
    project(typeof files === "string" ? { "millwright.config.ts": files } : files),
    join(folder, "cache"),
  );

test("the digest follows the code and what it imports, not comments, not the folder", async () => {
  const config = 'import { n } from "./n.ts";\nexport default { n };';
  const first = await load({
    "millwright.config.ts": config,
    "n.ts": "export const n: number = 1;",
  });
  const commented = await load({
    "millwright.config.ts": `// why\n${config} /* really */`,
    "n.ts": "/** @license none */\nexport const n = 1; // one",
  });
  const changed = await load({ "millwright.config.ts": config, "n.ts": "export const n = 2;" });
  expect(first.value).toEqual({ n: 1 });
  expect(commented.digest).toBe(first.digest);
  expect(changed.digest).not.toBe(first.digest);
});

test("texts stay as they are written: the library's name, lines that look like comments", async () => {
  const { value } = await load(
    'import { defineProject } from "millwright";\nexport default defineProject({ name: "millwright", note: `a\n// b\nc`, datasets: {}, models: {} } as never);',
  ).catch((error: Error) => ({ value: error.message }));
  expect(value).toEqual({ name: "millwright", note: "a\n// b\nc", datasets: {}, models: {} });
});

test("a syntax error is said with the file, line and column it is in", async () => {
  await expect(load("export default {\n  a: ,\n};")).rejects.toThrow(
    /millwright\.config\.ts:2:6: Unexpected ","/,
  );
  await expect(
    load({ "millwright.config.ts": 'export * from "./n.ts";', "n.ts": "\n\nconst = 1;" }),
  ).rejects.toThrow(/n\.ts:3:7: /);
});

test("code that throws and a file that is not there are said in words", async () => {
  await expect(load('throw new Error("no data");')).rejects.toMatchObject({
    code: "invalid_config",
    message: expect.stringContaining("fails when it is loaded: no data"),
  });
  await expect(loadUserCode(join(folder, "none.ts"), folder)).rejects.toMatchObject({
    code: "not_found",
    message: expect.stringContaining("millwright init"),
  });
});
