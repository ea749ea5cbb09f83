import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { cellOf, readCells, writeCells } from "./cells.ts";
import type { TestSet } from "./sets.ts";

/** What somebody gets who types init, train and predict in an empty folder and edits nothing. */
export interface NewcomerResult {
  readonly initSeconds: number;
  readonly trainSeconds: number;
  readonly winner: string;
  /** As the command says it. */
  readonly decision: string;
  /** Of the held-out rows, with its name. */
  readonly test: string;
  /** What `predict` answers about the file's first row, and what was true. */
  readonly answer: string;
  readonly answerSeconds: number;
}

/** Through the built program, in processes of their own; the database is made anew. */
export function newcomer(set: TestSet, data: string, folder: string): NewcomerResult {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const cells = readCells(join(data, set.file), set.delimiter, set.header);
  const prepared = set.newcomer === "prepared";
  const whole = prepared ? set.prepare!(cells) : cells;
  const file = prepared ? join(folder, "data.csv") : resolve(data, set.file);
  if (prepared) writeCells(file, whole);
  // Without a header line the columns have the names that are made up for them.
  const nameOf = (name: string) => (set.header ? `column${set.header.indexOf(name) + 1}` : name);
  const project = join(folder, "project");
  mkdirSync(project);
  const init = run(project, ["init", file, "--target", nameOf(set.target)]);
  const train = run(project, ["train"]);
  const board = JSON.parse(run(project, ["leaderboard", "--json"]).out);
  const cell = cellOf(whole.names, whole.rows[0]!);
  const fields = whole.names
    .filter((name) => name !== set.target && cell(name) !== "")
    .map((name) => `${nameOf(name)}=${cell(name)}`);
  const predict = run(project, ["predict", ...fields, "--json"]);
  const [first] = JSON.parse(predict.out).predictions;
  const { metric, winner } = board;
  const [test] = board.evaluation.report.metrics.filter((m: { name: string }) => m.name === metric);
  const shown = first.label ?? Number(first.value).toFixed(1);
  const sure = first.probabilities?.[first.label];
  return {
    ...{ initSeconds: init.seconds, trainSeconds: train.seconds, winner },
    decision: /^(promoted|shadow|kept): .*/m.exec(train.out)?.[0] ?? "",
    test: `${metric} ${test.value.toPrecision(4)}`,
    answer: `${shown}${sure === undefined ? "" : ` (${(100 * sure).toFixed(0)} %)`}; true: ${cell(set.target)}`,
    answerSeconds: predict.seconds,
  };
}

function run(project: string, words: readonly string[]): { out: string; seconds: number } {
  const started = performance.now();
  const main = resolve("dist/main.js");
  const { status, stdout, stderr } = spawnSync("node", [main, ...words], {
    cwd: project,
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  if (status !== 0)
    throw new Error(
      `millwright ${words.join(" ").slice(0, 100)} in ${project} ended with ${status}:\n${stdout}${stderr}`,
    );
  return { out: stdout, seconds: (performance.now() - started) / 1000 };
}
