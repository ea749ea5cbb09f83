import type { Levels } from "../families/family.ts";
import type { Scores, Task } from "../lib/task.ts";
import type { RoutedVersion } from "../serving/route.ts";
import { speakersOf } from "../serving/speakers.ts";
import type { Table } from "../table/table.ts";
import type { PinnedMember } from "./pinned-family.ts";
import { valueAt } from "./reasons-for.ts";
import { type ScoreFilesDeps, scoreFiles } from "./score-files.ts";

/** Who answered some rows of a table. */
export interface Answerer extends PinnedMember {
  /** 0 = the finest; the number of levels for the model everybody shares. */
  readonly level: number;
  readonly rows: readonly number[];
}

export interface MembersSaid {
  readonly scores: Scores;
  readonly answerers: readonly Answerer[];
  /** The input `#parent` of who answered; NaN where it has none. */
  readonly parents: Float64Array;
  /** Rows whose member could not be loaded: the model everybody shares answered. */
  readonly stoodIn: ReadonlySet<number>;
}

/**
 * Each row of a table by the nearest of its members that has a model, all others by the model everybody shares, as a gateway does. It
 * stands in where the file of a member is not there or cannot be served. Throws when it cannot be loaded itself.
 */
export async function scoreMembers(
  deps: ScoreFilesDeps,
  input: {
    readonly task: Task;
    readonly table: Table;
    readonly shared: { readonly model: string; readonly champion: RoutedVersion };
    readonly levels: Levels;
    readonly members: ReadonlyMap<string, PinnedMember>;
  },
): Promise<MembersSaid> {
  const { task, table, shared, levels, members } = input;
  const cell = (row: number, name: string) => {
    const column = table.columns.get(name);
    return column && valueAt(column, row);
  };
  const speakers = speakersOf(
    (name) => members.get(name),
    { model: shared.model, levels },
    { count: table.rows, cell },
  );
  const asked = speakers.map(({ speaker, rows }) => ({
    file: (speaker ?? shared).champion,
    rows,
  }));
  const said = await scoreFiles(deps, { task, table, asked });
  const stoodIn = new Set(said.unanswered);
  const { values, parents } = said;
  if (stoodIn.size > 0) {
    const rows = said.unanswered;
    const file = shared.champion;
    const instead = await scoreFiles(deps, { task, table, asked: [{ file, rows }] });
    for (const row of rows) {
      values[row] = instead.values[row]!;
      parents[row] = Number.NaN;
    }
  }
  const own = speakers.map(({ speaker, level, rows }): Answerer => {
    const answered = rows.filter((row) => speaker === undefined || !stoodIn.has(row));
    return { ...(speaker ?? shared), level, rows: answered };
  });
  const instead = { ...shared, level: levels.length, rows: said.unanswered };
  return {
    scores: { rows: table.rows, width: 1, values },
    answerers: [...own, instead].filter(({ rows }) => rows.length > 0),
    ...{ parents, stoodIn },
  };
}
