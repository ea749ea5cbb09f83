import type { Columns } from "../../storage/columns/columns.ts";
import { cellText } from "../../table/text-block.ts";

export type SourceRow = Readonly<Record<string, string | null>>;

/** All rows of a small source, every value as its text. */
export async function sourceRows(
  columns: Columns,
  folder: string,
  uri: string,
): Promise<SourceRow[]> {
  const source = await columns.inspect({ uri, folder });
  const rows: SourceRow[] = [];
  for await (const block of columns.blocks(source))
    for (let r = 0; r < block.rows; r++)
      rows.push(
        Object.fromEntries(
          source.names.map((name, j) => [name, cellText(block, r * block.width + j) || null]),
        ),
      );
  return rows;
}
