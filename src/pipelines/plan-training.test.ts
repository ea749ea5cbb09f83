import { beforeEach, expect, test } from "vitest";
import type { DatasetVersion } from "../datasets/dataset-version.ts";
import { type Column, numberColumn, stringColumn, type Table } from "../table/table.ts";
import { type MemoryPlatform, memoryPlatform } from "../testing/memory-platform.ts";
import { someVersion } from "../testing/memory-stores.ts";
import { planTraining } from "./plan-training.ts";
import type { ModelDefinition } from "./project.ts";
import { promote } from "./promote.ts";

let at: MemoryPlatform;
const open = (model: Partial<ModelDefinition> = {}) => {
  at = memoryPlatform({ target: "side", ...model });
};
beforeEach(() => open());

function plan(values: readonly string[], model = "mail") {
  const columns: readonly (readonly [string, Column])[] = [
    ["side", stringColumn(values)],
    ["x", numberColumn(values.map((_, i) => i % 5))],
  ];
  const table: Table = { rows: values.length, columns: new Map(columns) };
  const data = {
    ...{ id: "sha256:0", dataset: "mails", rows: values.length, data: "sha256:0", anomalies: [] },
    schema: {
      columns: [
        { name: "side", role: "target", type: "string", reason: "" },
        { name: "x", role: "numeric", type: "number", reason: "" },
      ],
    },
  } as unknown as DatasetVersion;
  const columnsAt = { readTable: async () => table, localPath: async () => "" };
  const deps = { ...at.platform, columns: columnsAt, blobs: columnsAt };
  return planTraining(deps as unknown as Parameters<typeof planTraining>[0], { model, data });
}
const sides = (left: number, right: number) => [
  ...Array.from({ length: left }, () => "left"),
  ...Array.from({ length: right }, () => "right"),
];
async function reign(...classes: string[]) {
  const version = someVersion("a", { task: "binary", target: "side", classes, columns: [] });
  await at.stores.registry.add(version);
  const about = { model: "mail", reason: "a test", verdict: undefined, runId: undefined };
  await promote(at.platform, { ...about, at: 0, version: version.id, guard: false });
}

test("the rarer class is the positive one of a first version", async () => {
  expect((await plan(sides(60, 40))).spec.classes).toEqual(["left", "right"]);
  expect((await plan(sides(40, 60))).spec.classes).toEqual(["right", "left"]);
});

test("a later version reports the class its champion reports, although it is the rarer one no more", async () => {
  await reign("left", "right");
  const found = await plan(sides(40, 60));
  expect(found.spec.classes).toEqual(["left", "right"]);
  expect(found.champion).toMatchObject({
    name: "version 1",
    signature: { classes: ["left", "right"] },
  });
});

test("what a person wrote wins over the champion; a champion of other classes says nothing", async () => {
  open({ positive: "left" });
  await reign("left", "right");
  expect((await plan(sides(60, 40))).spec.classes).toEqual(["right", "left"]);
  open();
  await reign("up", "down");
  expect((await plan(sides(60, 40))).spec.classes).toEqual(["left", "right"]);
});

test("a positive class that is no value is refused with the values", async () => {
  open({ positive: "middle" });
  await expect(plan(sides(60, 40))).rejects.toThrow('its values are "left" and "right"');
});

test("too few rows, and too few rows of a class, are refused with what to bring", async () => {
  await expect(plan(sides(10, 10))).rejects.toThrow("20 rows with a known side; at least 30");
  await expect(plan(sides(59, 1))).rejects.toThrow("Bring more of them");
});

test("a model that is not defined is named with those that are", async () => {
  await expect(plan(sides(60, 40), "males")).rejects.toThrow('no model "males". It has: mail.');
});

test("where a column is monotone only those compete that keep it, and it is said who does not", async () => {
  const program = { mine: { run: ["python3", "mine.py"] } };
  open({ train: { monotone: { x: "increasing" }, commands: program } });
  const { candidates, leftOut } = await plan(sides(60, 40));
  expect([...new Set(candidates.map(({ trainer }) => trainer))]).toEqual([
    "baseline",
    "linear",
    "gbdt",
  ]);
  expect(leftOut).toBe(
    "forest, mlp, the program mine do not compete: nothing would keep the score monotone in x.",
  );
  open({ train: { monotone: { x: "increasing" }, trainers: ["baseline", "forest"] } });
  await expect(plan(sides(60, 40))).rejects.toThrow(
    'models.mail.train.monotone cannot be kept by forest. Add "linear" or "gbdt" to train.trainers',
  );
  open();
  expect((await plan(sides(60, 40))).leftOut).toBeUndefined();
});
