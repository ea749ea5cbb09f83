import type { Digest } from "../lib/digest.ts";
import type { Scores } from "../lib/task.ts";
import type { Signature } from "../onnx/signature.ts";
import type { Session } from "../runtime/runtime.ts";
import { type Table, takeRows } from "../table/table.ts";
import { type AnsweredBy, nobodyYet } from "./pinned-family.ts";
import type { SaidBy } from "./said-columns.ts";
import { rowsOver } from "./score-files.ts";
import { type MembersSaid, scoreMembers } from "./score-members.ts";
import type { ScorePartDeps } from "./score-part.ts";
import type { ScorePlan } from "./score-plan.ts";
import { scoreRows } from "./score-rows.ts";

/** What was said about a table. `at`: the rows that count; undefined: all. */
export interface TableSaid {
  readonly scores: Scores;
  readonly by: SaidBy;
  reasons(at: readonly number[] | undefined): Promise<readonly string[]>;
  /** undefined: no family. */
  answered(at: readonly number[] | undefined): AnsweredBy | undefined;
}

/** Who answers the tables of a part: one version, or the members of its family. */
export async function openAnswerer(
  deps: Pick<ScorePartDeps, "sessions" | "members" | "explain">,
  input: { readonly plan: ScorePlan; readonly signature: Signature; readonly session: Session },
): Promise<(table: Table) => Promise<TableSaid>> {
  const { plan, signature, session } = input;
  const { version, family, model, reasons } = plan;
  if (family === undefined)
    return async (table) => ({
      scores: await scoreRows(session, { signature, table }),
      by: { version: () => version, model: () => undefined, level: () => 0 },
      reasons: (at) =>
        deps.explain(version, { table: at ? takeRows(table, at) : table, top: reasons }),
      answered: () => undefined,
    });
  const members = await deps.members(family.members);
  const files = { sessions: deps.sessions, unloadable: new Set<Digest>() };
  const task = signature.task === "regression" ? "regression" : "binary";
  const { levels } = family;
  return async (table) => {
    const shared = { model, champion: version };
    const said = await scoreMembers(files, { task, table, shared, levels, members });
    const of = answererOfRow(said, table.rows);
    return {
      scores: said.scores,
      by: {
        version: (row) => of(row).champion,
        model: (row) => of(row).model,
        level: (row) => of(row).level,
      },
      reasons: (at) => reasonsOfAll(deps, { said, table, top: reasons, at }),
      answered: (at) => countOf(said, { levels: levels.length, rows: table.rows, at, of }),
    };
  };
}

function answererOfRow({ answerers }: MembersSaid, rows: number) {
  const places = new Uint32Array(rows);
  for (const [place, answerer] of answerers.entries())
    for (const row of answerer.rows) places[row] = place;
  return (row: number) => answerers[places[row]!]!;
}

function countOf(
  { stoodIn }: MembersSaid,
  input: {
    readonly levels: number;
    readonly rows: number;
    readonly at: readonly number[] | undefined;
    of(row: number): { readonly level: number };
  },
): AnsweredBy {
  const { at = Array.from({ length: input.rows }, (_, row) => row) } = input;
  const { levels } = nobodyYet(input.levels);
  const counted = [...levels];
  for (const row of at) counted[input.of(row).level]! += 1;
  return { levels: counted, stoodIn: at.filter((row) => stoodIn.has(row)).length };
}

/** Each answer is explained by who gave it, against the rows kept beside that version. */
async function reasonsOfAll(
  { explain }: Pick<ScorePartDeps, "explain">,
  input: {
    readonly said: MembersSaid;
    readonly table: Table;
    readonly top: number;
    readonly at: readonly number[] | undefined;
  },
): Promise<string[]> {
  const { said, table, top, at } = input;
  const texts = new Array<string>(table.rows).fill("");
  const wanted = at && new Set(at);
  for (const { champion, rows: all } of said.answerers) {
    const rows = wanted ? all.filter((row) => wanted.has(row)) : all;
    if (rows.length === 0) continue;
    const read = rowsOver(champion, { table, parents: said.parents, rows });
    const told = await explain(champion, { table: read, top });
    for (const [i, row] of rows.entries()) texts[row] = told[i]!;
  }
  return at ? at.map((row) => texts[row]!) : texts;
}
