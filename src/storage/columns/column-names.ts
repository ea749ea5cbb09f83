import { MillwrightError } from "../../errors.ts";
import type { SourceNote } from "./columns.ts";

/** More columns than this are refused: a table that wide is almost always a wrong delimiter or a matrix that belongs in rows. */
const MOST_COLUMNS = 20_000;

/**
 * Names as a table needs them: not empty, no line breaks, and distinct also without regard to case (SQL engines fold it).
 * A name that had to change is told in a note: empty becomes `columnN`, the second `x` becomes `x_2`.
 * @param verbatim keep the names, refuse instead of renaming (JSON keys: a renamed key would not be found).
 */
export function columnNames(
  raw: readonly string[],
  verbatim = false,
): { names: string[]; notes: SourceNote[] } {
  if (raw.length > MOST_COLUMNS)
    throw new MillwrightError(
      "invalid_data",
      `the table has ${raw.length} columns; at most ${MOST_COLUMNS} are read: turn it so that repeated measurements are rows`,
    );
  const notes: SourceNote[] = [];
  const taken = new Set<string>();
  const names = raw.map((original, i) => {
    const clean = original.replace(/\s+/g, " ").replaceAll("\0", "").trim();
    const base = clean === "" || clean === "__proto__" ? `column${i + 1}` : clean;
    let name = base;
    for (let n = 2; taken.has(name.toLowerCase()); n++) name = `${base}_${n}`;
    taken.add(name.toLowerCase());
    if (name === original) return name;
    if (clean === "__proto__" && !verbatim)
      notes.push({
        kind: "name",
        column: name,
        message: `'__proto__' cannot name a column; column ${i + 1} is called '${name}'`,
      });
    else if (verbatim)
      throw new MillwrightError(
        "invalid_data",
        `key ${JSON.stringify(original)} cannot be a column: it is empty, has line breaks, or differs from another key only in case; rename it`,
      );
    else if (clean === "")
      notes.push({
        kind: "name",
        column: name,
        message: `column ${i + 1} has no name; it is called '${name}'`,
      });
    else if (name !== clean)
      notes.push({
        kind: "name",
        column: name,
        message: `column name '${clean}' stands twice (case is ignored); column ${i + 1} is called '${name}'. Rename it in the file to be sure which is which`,
      });
    return name;
  });
  return { names, notes };
}
