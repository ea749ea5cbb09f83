import { afterEach, expect, test, vi } from "vitest";
import { jsonLog, lineLog } from "./log.ts";

afterEach(() => vi.restoreAllMocks());
function written(stream: "stdout" | "stderr") {
  const texts: string[] = [];
  vi.spyOn(process[stream], "write").mockImplementation((text) => {
    texts.push(String(text));
    return true;
  });
  return texts;
}

test("services write a JSON object a line, from the given level on", () => {
  const texts = written("stdout");
  const log = jsonLog("warn", "worker");
  log.info("not seen");
  log.warn("slow", { ms: 1200 });
  expect(texts).toHaveLength(1);
  expect(JSON.parse(texts[0]!)).toMatchObject({
    level: "warn",
    part: "worker",
    message: "slow",
    ms: 1200,
  });
});

test("a field that has no JSON form, or the name of one of the line's own, does not lose the line", () => {
  const texts = written("stdout");
  const round: Record<string, unknown> = {};
  round.itself = round;
  const log = jsonLog("debug", "worker");
  log.error("odd", { rows: 10n, round });
  log.error("odd", { level: "mine", error: new Error("why") });
  const lines = texts.map((text) => JSON.parse(text));
  expect(lines[0]).toMatchObject({ level: "error", message: "odd" });
  expect(lines[1]).toMatchObject({ level: "error", error: "Error: why" });
});

test("commands write a line on stderr", () => {
  const texts = written("stderr");
  lineLog("info").error("no database");
  expect(texts.join("")).toMatch(/error.* no database\n$/);
});
