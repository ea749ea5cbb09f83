import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, describe, expect, test } from "vitest";
import { runProcess } from "./run-process.ts";

const folder = mkdtempSync(join(tmpdir(), "millwright-process-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const node = (script: string) => [process.execPath, "-e", script];
const request = (script: string, more: object = {}) => ({
  ...{ command: node(script), folder, variables: process.env, timeoutMs: 60_000 },
  ...{ signal: { aborted: false }, ...more },
});
const lives = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    // A zombie that nobody has waited for is gone, too.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
};
const until = async (claim: () => boolean) => {
  while (!claim()) await new Promise((resolve) => setTimeout(resolve, 20));
};
/** Starts a child of its own, says its id, and waits. */
const FAMILY = `const { spawn } = require("node:child_process");
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
  console.log("child", child.pid); setInterval(() => {}, 1000);`;

describe("a program", () => {
  test("says its lines, and how it ended", async () => {
    const lines: string[] = [];
    const script = `console.log("one"); console.error("two ä"); process.exitCode = 3`;
    const end = await runProcess(request(script, { onLine: (line: string) => lines.push(line) }));
    expect(end.code).toBe(3);
    expect(lines.sort()).toEqual(["one", "two ä"]);
    expect(end.tail.split("\n").sort()).toEqual(["one", "two ä"]);
  });

  test("that writes much is heard to its end; the last lines are kept", async () => {
    const script = `for (let i = 0; i < 50000; i++) console.log("line " + i)`;
    const { tail } = await runProcess(request(script));
    expect(tail.split("\n")).toHaveLength(20);
    expect(tail).toMatch(/line 49999$/);
  });

  test("that does not exist is named", async () => {
    const end = await runProcess({ ...request(""), command: ["no-such-program"] });
    expect(end.code).toBe(127);
    expect(end.tail).toBe("There is no program no-such-program that may be run here.");
  });

  test("that is cancelled ends with all it has started", async () => {
    const signal = { aborted: false };
    let child = 0;
    const onLine = (line: string) => {
      child = Number(line.split(" ")[1]);
      signal.aborted = true;
    };
    const running = runProcess(request(FAMILY, { signal, onLine }));
    await expect(running).rejects.toMatchObject({ code: "cancelled" });
    await until(() => !lives(child));
  });

  test("that takes too long is ended, deaf or not, and its last words are told", async () => {
    const script = `process.on("SIGTERM", () => {}); console.log("deaf"); setInterval(() => {}, 1000)`;
    const running = runProcess(request(script, { timeoutMs: 1000 }));
    await expect(running).rejects.toMatchObject({
      code: "invalid_config",
      message: expect.stringMatching(/took longer than 1 s.*\n?deaf/s),
    });
  });

  test("does not outlive whoever started it", async () => {
    const program = join(folder, "owner.mjs");
    const entry = `import { runProcess } from ${JSON.stringify(join(import.meta.dirname, "run-process.ts"))};
      await runProcess({ command: [process.execPath, "-e", ${JSON.stringify(FAMILY)}], folder: ".", variables: process.env,
        timeoutMs: 1e6, signal: { aborted: false }, onLine: (line) => console.log(line) });`;
    const source = join(folder, "owner-source.mjs");
    writeFileSync(source, entry);
    await build({
      ...{ entryPoints: [source], outfile: program, bundle: true, platform: "node", format: "esm" },
    });
    const owner = spawn(process.execPath, [program], { stdio: ["ignore", "pipe", "inherit"] });
    const [line] = await once(owner.stdout, "data");
    const child = Number(String(line).split(" ")[1]);
    expect(lives(child)).toBe(true);
    owner.kill("SIGKILL");
    await until(() => !lives(child));
  });
});
