import { stripVTControlCharacters } from "node:util";
import { afterEach, expect, test, vi } from "vitest";
import { meter, sparkline, terminal } from "./terminal.ts";

afterEach(() => vi.restoreAllMocks());
function captured() {
  const texts = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const)
    vi.spyOn(process[name], "write").mockImplementation((text) => {
      texts[name] += String(text);
      return true;
    });
  return texts;
}

test("results go to stdout, notes and progress to stderr", () => {
  const texts = captured();
  const screen = terminal({ json: false });
  screen.say("a result");
  screen.note("a note");
  screen.progress("working");
  screen.progress("working");
  screen.result({ hidden: true });
  expect(texts).toEqual({ stdout: "a result\n", stderr: "a note\n› working\n" });
});

test("with --json stdout is one JSON value", () => {
  const texts = captured();
  const screen = terminal({ json: true });
  screen.say("not shown");
  screen.progress("not shown");
  screen.result({ rows: 3 });
  expect(JSON.parse(texts.stdout)).toEqual({ rows: 3 });
  expect(texts.stderr).toBe("");
});

test("--quiet keeps results only", () => {
  const texts = captured();
  const screen = terminal({ json: false, quiet: true });
  screen.note("a note");
  screen.progress("working");
  screen.say("a result");
  expect(texts).toEqual({ stdout: "a result\n", stderr: "" });
});

test("a meter is as wide as asked for, and never over", () => {
  const shown = [0, 0.5, 1, 7, -1].map((share) => stripVTControlCharacters(meter(share, 4)));
  expect(shown).toEqual(["░░░░", "██░░", "████", "████", "░░░░"]);
});

test("a sparkline goes from lowest to highest; what is not known is a gap", () => {
  expect(sparkline([1, 8, Number.NaN, 4.5])).toBe("▁█ ▅");
  expect(sparkline([2, 2])).toBe("▁▁");
  expect(sparkline([])).toBe("");
});
