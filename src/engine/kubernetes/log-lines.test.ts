import { describe, expect, test } from "vitest";
import { newLines } from "./log-lines.ts";

const T = "2026-11-29T19:00:0";

describe("lines of a pod's log", () => {
  test("come once, although the API gives those of the same second again", () => {
    const first = newLines(`${T}1.5Z one\n${T}1.5Z two\n`, "");
    expect(first).toEqual({ lines: ["one", "two"], mark: `${T}1.5Z 2` });
    const next = newLines(`${T}1.5Z one\n${T}1.5Z two\n${T}1.5Z three\n${T}2Z four\n`, first.mark);
    expect(next).toEqual({ lines: ["three", "four"], mark: `${T}2Z 1` });
    expect(newLines(`${T}2Z four\n`, next.mark)).toEqual({ lines: [], mark: next.mark });
  });

  test("are ordered by time, however many digits it has", () => {
    const { lines } = newLines(`${T}1.25Z old\n${T}1.500000001Z new\n`, `${T}1.5Z 1`);
    expect(lines).toEqual(["new"]);
  });

  test("that are not whole wait for their end", () => {
    const begun = newLines(`${T}1Z one\n${T}2Z tw`, "");
    expect(begun.lines).toEqual(["one"]);
    expect(newLines(`${T}1Z one\n${T}2Z two\n`, begun.mark).lines).toEqual(["two"]);
    expect(newLines(`${T}2Z tw`, begun.mark, true).lines).toEqual(["tw"]);
  });

  test("may be empty, or hold blanks", () => {
    expect(newLines(`${T}1Z \n${T}2Z  a  b\n`, "").lines).toEqual(["", " a  b"]);
    expect(newLines("", "")).toEqual({ lines: [], mark: "" });
  });
});
