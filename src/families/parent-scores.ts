import { scoreTable } from "../evaluation/score-table.ts";
import type { Signature } from "../onnx/signature.ts";
import type { Sessions } from "../runtime/sessions.ts";
import { type Table, takeRows } from "../table/table.ts";
import type { LevelTask, ModelFile, Parent } from "./family.ts";
import type { PartedRows } from "./features.ts";
import { namesOf } from "./member-name.ts";
import { parentInput, tableWithParent } from "./over-parent.ts";
import { TEST, textOf } from "./parts.ts";

/**
 * Who stands in for a member: of what is above each of its rows the nearest that has a model, and of these, where its rows belong to
 * several, that of most rows.
 */
export function parentOf(task: LevelTask, table: Table): Parent {
  const { spec, levels, level, parents, global } = task;
  const above = levels.slice(level + 1);
  if (above.length === 0 || table.rows === 0) return global;
  const texts = new Map(above.flat().map((name) => [name, textOf(table.columns.get(name)!)]));
  // Levels that are not above are left out: their names do not matter here.
  const asked = levels.map((columns, l) => (l > level ? columns : []));
  const counts = new Map<Parent, number>();
  for (let row = 0; row < table.rows; row++) {
    const names = namesOf(spec.model, asked, (column) => texts.get(column)!(row)).slice(level + 1);
    const found = names.find((name) => name !== undefined && parents[name] !== undefined);
    const parent = found === undefined ? global : parents[found]!;
    counts.set(parent, (counts.get(parent) ?? 0) + 1);
  }
  return [...counts].reduce((best, next) => (next[1] > best[1] ? next : best))[0];
}

/** What a parent says of rows: on training rows by the model that has not seen their part, through the serving runtime. */
export async function parentScores(
  deps: { readonly sessions: Sessions<Signature> },
  task: LevelTask,
  parent: Parent,
  rows: PartedRows,
): Promise<Float64Array> {
  const byFile = new Map<ModelFile, number[]>();
  rows.parts.forEach((part, row) => {
    const file = part === TEST ? parent.whole : parent.parts[part]!;
    const places = byFile.get(file);
    if (places) places.push(row);
    else byFile.set(file, [row]);
  });
  const scores = new Float64Array(rows.table.rows);
  for (const [file, places] of byFile) {
    const said = await scoresOfFile(deps, task, file, takeRows(rows.table, places));
    places.forEach((row, i) => {
      scores[row] = said[i]!;
    });
  }
  return scores;
}

/** A file, and first those it stands on. */
export async function scoresOfFile(
  deps: { readonly sessions: Sessions<Signature> },
  task: LevelTask,
  { onnx, over }: ModelFile,
  table: Table,
): Promise<Float64Array> {
  const below = over && (await scoresOfFile(deps, task, over, table));
  const said = below?.map((score) => parentInput(task.spec.task, score));
  const { values } = await deps.sessions.use(onnx, ({ session, about }) =>
    scoreTable(session, {
      signature: about,
      table: said === undefined ? table : tableWithParent(table, said),
    }),
  );
  return values;
}
