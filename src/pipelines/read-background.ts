import { typist } from "../datasets/typing.ts";
import { MillwrightError } from "../errors.ts";
import { BACKGROUND_ROWS } from "../explanation/background.ts";
import type { Signature } from "../onnx/signature.ts";
import { type Table, takeRows } from "../table/table.ts";
import type { Platform } from "./platform.ts";

/**
 * Rows of a file (csv, jsonl, parquet) against which a model's answers are explained: at most 200, spread evenly over the first
 * block of the file (some ten thousand rows). Rows that cannot be read are left out. Throws `invalid_data` when the file has none
 * of the model's columns or no row that can be read.
 */
export async function readBackground(
  { columns }: Pick<Platform, "columns">,
  input: { readonly file: string; readonly folder: string; readonly signature: Signature },
): Promise<Table> {
  const { file, folder, signature } = input;
  const source = await columns.inspect({ uri: file, folder });
  const places = new Map(source.names.map((name, at) => [name, at]));
  const names = signature.columns.map(({ name }) => name);
  if (!names.some((name) => places.has(name)))
    throw new MillwrightError(
      "invalid_data",
      `${file} has none of the columns the model reads (${names.slice(0, 10).join(", ")}); it has ${source.names.slice(0, 10).join(", ")}.`,
    );
  const type = typist(
    signature.columns.map(({ name, role }) => ({
      ...{ name, order: "dmy" as const, at: places.get(name), strict: true },
      type: role === "numeric" ? "number" : role === "time" ? "time" : "string",
    })),
  );
  for await (const block of columns.blocks(source)) {
    const { table } = type(block);
    if (table.rows === 0) continue;
    const wanted = Math.min(BACKGROUND_ROWS, table.rows);
    const spread = Uint32Array.from({ length: wanted }, (_, i) =>
      Math.floor((i * table.rows) / wanted),
    );
    return takeRows(table, spread);
  }
  throw new MillwrightError("invalid_data", `${file} has no row that can be read.`);
}
