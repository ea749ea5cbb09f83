import { scoreTable } from "../evaluation/score-table.ts";
import type { Scores } from "../lib/task.ts";
import type { Signature } from "../onnx/signature.ts";
import type { Session } from "../runtime/runtime.ts";
import { type Table, takeRows } from "../table/table.ts";

/**
 * `scoreTable`, with rows of similarly long texts together: a batch is padded to its longest text, which in the order of the file
 * is much longer than most. Text messages: 30,000 instead of 18,500 a CPU second. The scores come back in the order of the table.
 */
export async function scoreRows(
  session: Session,
  { signature, table }: { readonly signature: Signature; readonly table: Table },
): Promise<Scores> {
  const order = byLength(signature, table);
  if (!order) return scoreTable(session, { signature, table });
  const { rows, width, values } = await scoreTable(session, {
    signature,
    table: takeRows(table, order),
  });
  const back = new Float64Array(values.length);
  for (let i = 0; i < rows; i++)
    for (let k = 0; k < width; k++) back[order[i]! * width + k] = values[i * width + k]!;
  return { rows, width, values: back };
}

/** Rows by the length of their longest text; undefined without text. */
function byLength({ columns }: Signature, table: Table): Uint32Array | undefined {
  const longest = new Float64Array(table.rows);
  let texts = 0;
  for (const { name, role } of columns) {
    const column = table.columns.get(name);
    if (role !== "text" || column?.type !== "string") continue;
    texts++;
    const { codes, dictionary } = column;
    for (let i = 0; i < table.rows; i++)
      if (codes[i]! >= 0) longest[i] = Math.max(longest[i]!, dictionary[codes[i]!]!.length);
  }
  if (texts === 0) return undefined;
  return Uint32Array.from(longest, (_, i) => i).sort((a, b) => longest[a]! - longest[b]! || a - b);
}
