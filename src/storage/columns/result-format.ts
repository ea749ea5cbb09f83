import { MillwrightError } from "../../errors.ts";

export type ResultFormat = "parquet" | "csv" | "jsonl";

/** By the end of the name. Throws `invalid_input` for any other. */
export function resultFormat(path: string): ResultFormat {
  const end = /\.(parquet|csv|jsonl|ndjson)$/i.exec(path)?.[1]?.toLowerCase();
  if (end === "ndjson") return "jsonl";
  if (end !== undefined) return end as ResultFormat;
  throw new MillwrightError(
    "invalid_input",
    `"${path}" is no name for a result: end it in .parquet, .csv or .jsonl.`,
  );
}
