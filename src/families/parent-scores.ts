import { scoreTable } from "../evaluation/score-table.ts";
import type { Digest } from "../lib/digest.ts";
import type { Signature } from "../onnx/signature.ts";
import type { Sessions } from "../runtime/sessions.ts";
import { takeRows } from "../table/table.ts";
import type { CrossFitted, LevelTask } from "./family.ts";
import type { PartedRows } from "./features.ts";
import { namesOf } from "./member-name.ts";
import { TEST, textOf } from "./parts.ts";

/** For each row the nearest model above its level: that of the first member it belongs to that has one. */
export function parentsOf(task: LevelTask, rows: PartedRows): CrossFitted[] {
  const { spec, levels, level, parents, global } = task;
  const above = levels.slice(level + 1);
  if (above.length === 0) return Array.from({ length: rows.table.rows }, () => global);
  const texts = new Map(above.flat().map((name) => [name, textOf(rows.table.columns.get(name)!)]));
  return Array.from({ length: rows.table.rows }, (_, row) => {
    // Levels below are left out: their names do not matter here.
    const names = namesOf(
      spec.model,
      levels.map((columns, l) => (l > level ? columns : [])),
      (column) => texts.get(column)!(row),
    );
    for (let l = level + 1; l < levels.length; l++) {
      const name = names[l];
      const parent = name === undefined ? undefined : parents[name];
      if (parent !== undefined) return parent;
    }
    return global;
  });
}

/** What the parents say of each row: on training rows by the model that has not seen their part, through the serving runtime. */
export async function parentScores(
  deps: { readonly sessions: Sessions<Signature> },
  task: LevelTask,
  rows: PartedRows,
): Promise<Float64Array> {
  const parents = parentsOf(task, rows);
  const byFile = new Map<Digest, number[]>();
  parents.forEach((parent, row) => {
    const part = rows.parts[row]!;
    const file = part === TEST ? parent.whole : parent.parts[part]!;
    const places = byFile.get(file);
    if (places) places.push(row);
    else byFile.set(file, [row]);
  });
  const scores = new Float64Array(rows.table.rows);
  for (const [file, places] of byFile) {
    const table = takeRows(rows.table, places);
    const { values } = await deps.sessions.use(file, ({ session, about }) =>
      scoreTable(session, { signature: about, table }),
    );
    places.forEach((row, i) => {
      scores[row] = values[i]!;
    });
  }
  return scores;
}
