import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { readConfig } from "../config.ts";
import type { CliContext } from "./command.ts";
import { init } from "./init.ts";
import type { Terminal } from "./terminal.ts";

const folder = mkdtempSync(join(tmpdir(), "millwright-init-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

let said: string[] = [];
let result: Record<string, unknown> = {};

beforeEach(() => {
  said = [];
  result = {};
  process.exitCode = undefined;
});

const terminal: Terminal = {
  json: false,
  say: (line = "") => said.push(line),
  result: (value) => {
    result = value as typeof result;
  },
  note: () => {},
  progress: () => {},
  done: () => {},
};

async function run(...args: string[]): Promise<void> {
  const program = new Command().option("--project <dir>").option("--json").option("--quiet");
  const context = {
    config: () => readConfig({}, folder),
    terminal: () => terminal,
  } as unknown as CliContext;
  init(program, context);
  await program.parseAsync(["node", "millwright", "init", ...args]);
}

const TRAVELLERS = "examples/travellers/data/travellers.csv";

/** Rows whose answer `status` gives away. */
const hotel = (rows: number): string => {
  const path = join(folder, "hotel.csv");
  const lines = Array.from({ length: rows }, (_, i) => {
    const cancelled = i % 3 === 0 ? 1 : 0;
    return `b${i},${(i * 37) % 100},${i % 2 ? "web" : "desk"},${cancelled},${cancelled ? "Cancelled" : "Arrived"},EU`;
  });
  writeFileSync(path, `booking,lead,channel,cancelled,status,region\n${lines.join("\n")}\n`);
  return path;
};

describe("init", () => {
  test("writes a project split by time where the rows say when they happened", async () => {
    const dir = join(folder, "travellers");
    const [, target = ""] = readFileSync(TRAVELLERS, "utf8").split("\n")[0]!.trim().split(",");
    await run(TRAVELLERS, "--target", target, "--dir", dir);
    const text = readFileSync(join(dir, "millwright.config.ts"), "utf8");
    expect(text).toContain('time: "date"');
    expect(readFileSync(join(dir, ".gitignore"), "utf8")).toBe(".millwright/\n");
    expect(result).toMatchObject({ time: "date", inference: { target: { task: "regression" } } });
    expect(said.join(" ").replace(/\s+/g, " ")).toContain("flatter the model");
  });

  test("calls out what knows the answer, names rows, or never changes", async () => {
    const dir = join(folder, "hotel");
    await run(hotel(300), "--target", "cancelled", "--dir", dir);
    const text = readFileSync(join(dir, "millwright.config.ts"), "utf8");
    expect(text).toMatch(/status: ignore\(\), \/\/ knows the answer\?/);
    expect(text).toMatch(/region: ignore\(\), \/\/ constant/);
    expect(text).toContain('key: "booking"');
    expect(said.join("\n")).toContain('"status": alone it tells');
  });

  test("keeps a project that is there, unless it is told otherwise", async () => {
    const dir = join(folder, "keeps");
    const file = hotel(100);
    await run(file, "--target", "cancelled", "--dir", dir, "--name", "first");
    await expect(run(file, "--target", "cancelled", "--dir", dir)).rejects.toThrow("--force");
    expect(readFileSync(join(dir, "millwright.config.ts"), "utf8")).toContain("first: {");
    await run(file, "--target", "cancelled", "--dir", dir, "--force");
    expect(readFileSync(join(dir, "millwright.config.ts"), "utf8")).not.toContain("first: {");
    expect(readFileSync(join(dir, ".gitignore"), "utf8")).toBe(".millwright/\n");
  });

  test("without a target lists the columns and the likely ones, writes nothing, and exits with 2", async () => {
    const dir = join(folder, "asks");
    await run(hotel(100), "--dir", dir);
    expect(process.exitCode).toBe(2);
    process.exitCode = undefined;
    expect(existsSync(dir)).toBe(false);
    expect(said.join("\n")).toContain("--target cancelled");
    expect(result.likelyTargets).toMatchObject([{ column: "cancelled" }]);
  });

  test("a target that is no column is answered with the nearest names", async () => {
    await expect(
      run(hotel(100), "--target", "canceled", "--dir", join(folder, "no")),
    ).rejects.toThrow('Did you mean "cancelled"?');
  });

  test.each([
    [["--target", "cancelled", "--positive", "yes"], "is one of"],
    [["--target", "cancelled", "--name", "a/b"], "a_b"],
    [["--target", "lead", "--positive", "1"], "two classes"],
    [["--target", "cancelled", "--time", "lead"], "dates"],
  ])("%j is refused with what would do", async (args, message) => {
    await expect(run(hotel(100), ...args, "--dir", join(folder, "refused"))).rejects.toThrow(
      message,
    );
  });
});
