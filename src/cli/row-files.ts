import { readFileSync } from "node:fs";
import type { Cell } from "../../sdk/src/contract/serving.ts";
import { MillwrightError } from "../errors.ts";

export type Row = Readonly<Record<string, Cell>>;

function textOf(file: string): string {
  try {
    return readFileSync(file === "-" ? 0 : file, "utf8").trim();
  } catch (cause) {
    const { message } = cause as Error;
    throw new MillwrightError("invalid_input", `The rows cannot be read: ${message}.`, { cause });
  }
}

/** A row written as a JSON object. */
export function rowOfJson(text: string): Row {
  try {
    return JSON.parse(text) as Row;
  } catch (cause) {
    throw new MillwrightError("invalid_input", `The row is no JSON: ${(cause as Error).message}`, {
      cause,
    });
  }
}

/** A JSON array of rows, or one JSON object a line; - reads stdin. */
export function readRows(file: string): Row[] {
  const text = textOf(file);
  try {
    const rows = text.startsWith("[")
      ? JSON.parse(text)
      : text.split("\n").map((line) => JSON.parse(line));
    return rows as Row[];
  } catch (cause) {
    throw new MillwrightError(
      "invalid_input",
      `${file} holds no JSON rows: ${(cause as Error).message}`,
      { cause },
    );
  }
}
