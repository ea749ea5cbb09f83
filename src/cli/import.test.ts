import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, expect, test } from "vitest";
import { readConfig } from "../config.ts";
import { foreignModel, tensor } from "../testing/foreign-model.ts";
import type { CliContext } from "./command.ts";
import { importCommand } from "./import.ts";

const folder = mkdtempSync(join(tmpdir(), "millwright-import-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const graph = {
  node: [{ opType: "Abs", input: ["X"], output: ["Y"] }],
  input: [{ name: "X", type: tensor(1, ["N", 2]) }],
  output: [{ name: "Y", type: tensor(1, ["N", 2]) }],
};
writeFileSync(join(folder, "m.onnx"), foreignModel(graph));

const run = (...args: string[]) => {
  const context = {
    config: () => readConfig({}, join(folder, "project")),
    terminal: () => ({ note: () => {} }),
    open: () => Promise.reject(new Error("opened")),
  } as unknown as CliContext;
  const program = new Command().option("--project <dir>");
  importCommand(program, context);
  return program.parseAsync(["node", "millwright", "import", join(folder, "m.onnx"), ...args]);
};

test("who has a model judged does not also decide what becomes of it", async () => {
  for (const decided of [["--no-promote"], ["--reason", "it is new"]])
    await expect(run("--evaluate", ...decided)).rejects.toMatchObject({ code: "invalid_input" });
});

test("a project is made for a model that needs no data, not for one that is to be judged", async () => {
  await expect(run("--evaluate")).rejects.toThrow("opened");
  expect(readdirSync(folder)).toEqual(["m.onnx"]);
  await expect(run()).rejects.toThrow("opened");
  expect(readdirSync(folder)).toEqual(["m.onnx", "project"]);
});
