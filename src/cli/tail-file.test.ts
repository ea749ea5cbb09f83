import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { afterAll, describe, expect, test } from "vitest";
import { renderLogLine } from "./log-lines.ts";
import { followLines, lastLines } from "./tail-file.ts";

const folder = mkdtempSync(join(tmpdir(), "millwright-tail-"));
afterAll(() => rmSync(folder, { recursive: true }));

const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

describe("the end of a file", () => {
  test.each([
    ["a\nb\nc\n", 2, ["b", "c"]],
    ["a\nb\nc", 2, ["b", "c"]],
    ["a\n", 5, ["a"]],
    ["", 5, []],
    ["a\n\nb\n", 2, ["", "b"]],
    ["a\r\nb\r\n", 2, ["a", "b"]],
    ["a\nb\n", 0, []],
  ])("%j, %i lines", async (text, count, expected) => {
    const tail = await lastLines(file("small.log", text), count);
    expect(tail).toEqual({ lines: expected, end: Buffer.byteLength(text) });
  });

  test("is found in a file of many blocks, whatever stands at their borders", async () => {
    const lines = Array.from({ length: 20_000 }, (_, i) => `zeile ${i} äöü 日本`);
    const path = file("large.log", `${lines.join("\n")}\n`);
    expect((await lastLines(path, 7000)).lines).toEqual(lines.slice(-7000));
  });
});

test("appended lines are handed over whole, and again from the start after the file was replaced", async () => {
  const path = file("follow.log", "old\n");
  const seen: string[] = [];
  const stop = new AbortController();
  const came = async (count: number) => {
    while (seen.length < count) await new Promise((resolve) => setTimeout(resolve, 2));
  };
  const following = followLines(path, 4, (lines) => seen.push(...lines), stop.signal, 1);
  appendFileSync(path, "one\ntw");
  await came(1);
  appendFileSync(path, "o\n");
  await came(2);
  writeFileSync(path, "x\n");
  await came(3);
  stop.abort();
  await following;
  expect(seen).toEqual(["one", "two", "x"]);
});

test("our own lines are told, others are left as they are", () => {
  const line = JSON.stringify({
    ...{ at: "2026-03-01T12:03:07.123Z", level: "info", part: "worker" },
    ...{ message: "run finished", run: "run_1", ms: 12 },
  });
  const plain = (text: string) => stripVTControlCharacters(renderLogLine(text));
  expect(plain(line)).toBe("12:03:07 run finished  run=run_1 ms=12");
  expect(plain(line.replace("info", "warn"))).toBe("12:03:07 warn run finished  run=run_1 ms=12");
  expect(plain("2026-03-01 LOG:  checkpoint")).toBe("2026-03-01 LOG:  checkpoint");
  expect(plain('{"half')).toBe('{"half');
  expect(plain('{"message":"\\u001b[2J"}')).not.toContain("\u001b");
});
