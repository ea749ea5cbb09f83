import type { Levels } from "../families/family.ts";
import { namesOf } from "../families/member-name.ts";

/** Who answers some rows of a family. */
export interface Speaker<Member> {
  /** undefined: the model everybody shares. */
  readonly speaker: Member | undefined;
  /** 0 = the finest; the number of levels for the model everybody shares. */
  readonly level: number;
  /** Places in the request, ascending. */
  readonly rows: readonly number[];
}

/**
 * Rows by who answers them: of the members a row belongs to the first that has a model. Requests and batches are divided here.
 * @param memberNamed the member of a name; undefined where it has no model.
 */
export function speakersOf<Member>(
  memberNamed: (name: string) => Member | undefined,
  family: { readonly model: string; readonly levels: Levels },
  rows: { readonly count: number; cell(row: number, column: string): unknown },
): Speaker<Member>[] {
  const { model, levels } = family;
  const found = new Map<
    Member | undefined,
    { speaker: Member | undefined; level: number; rows: number[] }
  >();
  for (let i = 0; i < rows.count; i++) {
    const names = namesOf(model, levels, (column) => rows.cell(i, column));
    let level = 0;
    let speaker: Member | undefined;
    for (; level < levels.length; level++) {
      speaker = names[level] === undefined ? undefined : memberNamed(names[level]!);
      if (speaker !== undefined) break;
    }
    const part = found.get(speaker);
    if (part) part.rows.push(i);
    else found.set(speaker, { speaker, level, rows: [i] });
  }
  return [...found.values()];
}
