import { namesOf } from "../families/member-name.ts";
import type { ServedRoute } from "./route.ts";
import type { RouteTable } from "./route-table.ts";
import { hasChampion } from "./routing.ts";

/** Who answers some rows of a family. */
export interface Speaker {
  /** The member; undefined: the model everybody shares. */
  readonly speaker: ServedRoute | undefined;
  /** 0 = the finest. */
  readonly level: number;
  /** Places in the request, ascending. */
  readonly rows: readonly number[];
}

/** The rows of a request by who answers them: of the members a row belongs to the first that has a model. */
export function speakersOf(
  routes: Pick<RouteTable, "get">,
  { model, fields }: ServedRoute,
  rows: readonly unknown[],
): Speaker[] {
  const levels = fields.levels ?? [];
  const found = new Map<
    string,
    { speaker: ServedRoute | undefined; level: number; rows: number[] }
  >();
  rows.forEach((row, i) => {
    const cells = (typeof row === "object" && row !== null ? row : {}) as Record<string, unknown>;
    const names = namesOf(model, levels, (column) => cells[column]);
    let level = 0;
    let speaker: ServedRoute | undefined;
    for (; level < levels.length && speaker === undefined; level++) {
      const route = names[level] === undefined ? undefined : routes.get(names[level]!);
      if (route !== undefined && hasChampion(route)) speaker = route;
    }
    if (speaker !== undefined) level -= 1;
    const key = speaker?.model ?? "";
    const part = found.get(key);
    if (part) part.rows.push(i);
    else found.set(key, { speaker, level, rows: [i] });
  });
  return [...found.values()];
}
