/** kill -9 of the worker in the middle of a person's pipeline: of its step, after it, while a program of it runs elsewhere. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Installation, installation, killNow, type Observer, until } from "./installation.ts";

let home: Installation;
let observer: Observer;

const PIPELINE = `
import { appendFileSync, existsSync } from "node:fs";
import { pipeline, process as elsewhere } from "millwright";
const pause = (ms: number) => new Promise((go) => setTimeout(go, ms));
export const steps = pipeline("steps", async (run) => {
  const seen: string[] = [];
  for (const name of ["one", "two", "three"])
    seen.push(await run.step(name, async (id, { folder }) => {
      appendFileSync(folder + "/did", id + " " + name + " began\\n");
      await pause(300);
      appendFileSync(folder + "/did", id + " " + name + "\\n");
      return name;
    }, run.id));
  const branch = async (name: string, ms: number) => {
    await run.step(name + " a", () => pause(ms));
    return run.step(name + " b", async (id, { folder }) => {
      appendFileSync(folder + "/did", id + " " + name + " b\\n");
      return name;
    }, run.id);
  };
  const branches = await Promise.all([branch("slow", 500), branch("quick", 1), branch("middle", 200)]);
  return [...seen, ...branches];
});
export const program = pipeline("program", (run) => run.step("away", {
  run: elsewhere({ command: ["node", "away.mjs"] }), params: { run: run.id },
}));
`;
const AWAY = `
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
const { params } = JSON.parse(readFileSync(process.env.MILLWRIGHT_TASK, "utf8"));
appendFileSync("did", params.run + " away\\n");
const look = setInterval(() => {
  if (!existsSync("go")) return;
  clearInterval(look);
  writeFileSync(process.env.MILLWRIGHT_METRICS, JSON.stringify({ done: 1 }));
}, 20);
`;

beforeAll(async () => {
  home = await installation(1);
  mkdirSync(join(home.folder, "pipelines"));
  writeFileSync(join(home.folder, "pipelines/mine.ts"), PIPELINE);
  writeFileSync(join(home.folder, "away.mjs"), AWAY);
  const config = join(home.folder, "millwright.config.ts");
  const plain = readFileSync(config, "utf8").replace("export default", "const project =");
  writeFileSync(config, `import * as pipelines from "./pipelines/mine.ts";\n${plain}`);
  appendFileSync(config, "export default { ...project, pipelines: { ...pipelines } };\n");
  await home.up();
  observer = await home.observe();
});
afterAll(async () => {
  await observer?.close();
  await home?.remove();
});

async function start(pipeline: string): Promise<string> {
  const answer = await fetch(`${home.controlUrl}/api/pipelines/${pipeline}/runs`, {
    ...{ method: "POST", headers: { "content-type": "application/json" }, body: "{}" },
  });
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { run: string }).run;
}
const did = (run: string): string[] =>
  existsSync(join(home.folder, "did"))
    ? readFileSync(join(home.folder, "did"), "utf8")
        .trim()
        .split("\n")
        .filter((line) => line.startsWith(`${run} `))
        .map((line) => line.slice(run.length + 1))
    : [];
const count = (lines: readonly string[], line: string) => lines.filter((l) => l === line).length;
const END = ["one", "two", "three", "slow", "quick", "middle"];

test.each([
  ["before-journal/two", ["two"]],
  ["after-journal/two", []],
  ["after-journal/quick a", ["slow a", "middle a"]],
  ["before-journal/middle b", ["middle b", "slow b", "quick b"]],
  ["before-journal/slow b", ["middle b", "slow b", "quick b"]],
])("at %s: no finished step runs again", async (point, inFlight) => {
  home.dieAt(point);
  const run = await start("steps");
  expect(await observer.engine.wait(run)).toEqual(END);
  expect(home.diedThere()).toBe(true);
  const steps = await observer.engine.steps(run);
  expect(steps.every(({ state }) => state === "succeeded")).toBe(true);
  const again = steps.filter(({ attempts }) => attempts > 1).map(({ name }) => name);
  expect(again.filter((name) => !inFlight.includes(name))).toEqual([]);
  if (!inFlight.includes("one")) expect(count(did(run), "one")).toBe(1);
});

test("killed in the middle of a step: it alone is repeated", async () => {
  const run = await start("steps");
  await until(() => did(run).includes("two began"));
  killNow(home.parts().worker!);
  expect(await observer.engine.wait(run)).toEqual(END);
  expect(count(did(run), "one")).toBe(1);
  expect(count(did(run), "two began")).toBe(2);
  expect(count(did(run), "three")).toBe(1);
});

test("killed while a program runs elsewhere: the next worker adopts it", async () => {
  const run = await start("program");
  await until(() => did(run).includes("away"));
  killNow(home.parts().worker!);
  await until(() => home.parts().worker === undefined);
  await until(() => home.parts().worker !== undefined);
  writeFileSync(join(home.folder, "go"), "");
  expect(await observer.engine.wait(run)).toMatchObject({ metrics: { done: 1 } });
  expect(count(did(run), "away")).toBe(1);
});
