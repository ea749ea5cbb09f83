import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ScoredRow } from "../pipelines/score-source.ts";
import type { Columns } from "../storage/columns/columns.ts";
import { duckdbColumns } from "../storage/columns/duckdb.ts";
import { addedNames, scoreOutput } from "./score-output.ts";

const folder = mkdtempSync(join(tmpdir(), "millwright-score-"));
let columns: Columns;
beforeAll(async () => {
  columns = await duckdbColumns({ scratch: join(folder, "scratch") });
});
afterAll(async () => {
  await columns.close();
  rmSync(folder, { recursive: true, force: true });
});

const shape = { names: ["subject", "n"], added: ["prediction", "probability_yes"] };
const rows: ScoredRow[] = [
  { values: ['say "hi", now', "1"], label: "yes", output: [0.75] },
  { values: ["two\nlines", undefined], label: "no", output: [0.25] },
];
async function write(name: string, blocks: readonly (readonly ScoredRow[])[], as = shape) {
  const path = join(folder, name);
  const output = await scoreOutput(path, columns, as);
  for (const block of blocks) await output.write(block);
  expect(existsSync(path)).toBe(false);
  await output.finish();
  return path;
}

test("csv quotes commas, quotes and line ends; missing values are empty", async () => {
  expect(readFileSync(await write("a.csv", [rows]), "utf8")).toBe(
    'subject,n,prediction,probability_yes\n"say ""hi"", now",1,yes,0.75\n"two\nlines",,no,0.25\n',
  );
});

test("csv without rows is its header", async () => {
  expect(readFileSync(await write("none.csv", []), "utf8")).toBe(
    "subject,n,prediction,probability_yes\n",
  );
});

test("jsonl keeps every value under its name", async () => {
  const lines = readFileSync(await write("a.jsonl", [rows]), "utf8")
    .trim()
    .split("\n");
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { subject: 'say "hi", now', n: "1", prediction: "yes", probability_yes: 0.75 },
    { subject: "two\nlines", n: null, prediction: "no", probability_yes: 0.25 },
  ]);
});

describe("parquet", () => {
  test("comes back as it was written, whatever the blocks", async () => {
    const table = await columns.readTable(await write("a.parquet", [[rows[0]!], [], [rows[1]!]]));
    expect(table.rows).toBe(2);
    expect(table.columns.get("probability_yes")).toMatchObject({
      values: Float64Array.of(0.75, 0.25),
    });
    const subject = table.columns.get("subject");
    expect(
      subject?.type === "string" && [...subject.codes].map((c) => subject.dictionary[c]),
    ).toEqual(rows.map((row) => row.values[0]));
  });

  test("numbers stay numbers although no row of the first block could be read", async () => {
    const value: ScoredRow = { values: ["a", "1"], label: 3.5, output: [3.5] };
    const as = { names: shape.names, added: ["prediction", "value"] };
    const table = await columns.readTable(await write("b.parquet", [[], [value]], as));
    expect(table.columns.get("prediction")).toMatchObject({
      type: "number",
      values: Float64Array.of(3.5),
    });
  });
});

test("an aborted result leaves nothing behind", async () => {
  const path = join(folder, "c.csv");
  const output = await scoreOutput(path, columns, shape);
  await output.write(rows);
  await output.abort();
  expect([existsSync(path), existsSync(`${path}.partial`)]).toEqual([false, false]);
});

test("another ending is refused with those there are", async () => {
  await expect(scoreOutput("a.xlsx", columns, shape)).rejects.toThrow(".csv, .jsonl or .parquet");
});

test("added columns never hide one of the source", () => {
  const classes = ["no", "yes"];
  expect(addedNames({ task: "binary", classes }, ["prediction", "probability_yes"])).toEqual([
    ...["prediction_2", "probability_yes_2"],
  ]);
  expect(addedNames({ task: "multiclass", classes: ["a", "b"] }, [])).toEqual([
    ...["prediction", "probability_a", "probability_b"],
  ]);
  expect(addedNames({ task: "regression", classes: [] }, ["value"])).toEqual([
    ...["prediction", "value_2"],
  ]);
});
