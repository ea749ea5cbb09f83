import { MillwrightError } from "../errors.ts";
import type { AnsweredRow } from "./answer.ts";
import { answerInTime, type OwnPart } from "./answer-in-time.ts";
import type { AnsweredPart } from "./answer-part.ts";
import { armsOf, type Part, partsOf, unitOf } from "./arms.ts";
import { fallBack } from "./fall-back.ts";
import type { PredictDeps, PredictInput } from "./predict.ts";
import type { Route, ServedRoute } from "./route.ts";
import { chainOf, decide, hasChampion } from "./routing.ts";
import type { RawRow } from "./rows.ts";
import { invalidRows } from "./rows.ts";
import { type Speaker, speakersOf } from "./speakers.ts";

/**
 * A request whose route divides it or has somebody to stand in: every row is answered by its own version, all at the same time,
 * and put together in order. Throws as `predict` does; rows that one of the versions cannot read fail the whole request.
 */
export async function answerRouted(
  deps: PredictDeps,
  input: PredictInput & { readonly route: Route },
): Promise<AnsweredPart> {
  const { route, at, explain, version } = input;
  const ids = input.rows.map(() => deps.newPredictionId());
  const whole = { rows: input.rows, ids, places: undefined, at, explain, note: input.note };
  if (route.fields.levels !== undefined && version === undefined && hasChampion(route))
    return answerFamily(deps, { ...input, route, ids });
  if (!hasChampion(route)) {
    if (version !== undefined) throw noVersions(route, version);
    const standIns = chainOf(deps.routes, route);
    return fallBack(deps, { ...whole, route, standIns, columns: [], why: undefined });
  }
  if (version !== undefined)
    return answerInTime(deps, { ...whole, ...decide(route, version), route });
  return answerDivided(deps, { ...whole, route });
}

/** The rows of a route with a champion, each by the version it meets. */
async function answerDivided(
  deps: PredictDeps,
  input: Omit<OwnPart, "version" | "variant">,
): Promise<AnsweredPart> {
  const { route, rows, ids } = input;
  const parts = dividedBy(route, rows, ids);
  if (parts.length === 1) return answerInTime(deps, { ...input, ...parts[0]!.arm });
  const answered = await Promise.allSettled(
    parts.map(({ arm: { version, variant }, rows: places }) =>
      answerInTime(deps, { ...partOf(input, places), version, variant }),
    ),
  );
  return together(parts, answered, rows.length);
}

/** Rows of a family: each by the nearest member it belongs to that has a model, all others by the model everybody shares. */
async function answerFamily(
  deps: PredictDeps,
  input: PredictInput & { readonly route: ServedRoute; readonly ids: readonly string[] },
): Promise<AnsweredPart> {
  const { route, rows, ids, at, explain, note } = input;
  const whole = { route, rows, ids, places: undefined, at, explain, note };
  const memberNamed = (name: string): ServedRoute | undefined => {
    const member = deps.routes.get(name);
    return member !== undefined && hasChampion(member) ? member : undefined;
  };
  const parts = speakersOf(
    memberNamed,
    { model: route.model, levels: route.fields.levels ?? [] },
    { count: rows.length, cell: (i, column) => cellsOf(rows[i])[column] },
  );
  const answer = (
    { speaker, level }: Speaker<ServedRoute>,
    part: typeof whole,
  ): Promise<AnsweredPart> =>
    speaker === undefined
      ? answerDivided(deps, { ...part, level })
      : answerInTime(deps, {
          ...{ ...part, route: speaker, level },
          ...{ version: speaker.champion, variant: "champion" },
        });
  if (parts.length === 1) return answer(parts[0]!, whole);
  const answered = await Promise.allSettled(
    parts.map((part) => answer(part, partOf(whole, part.rows))),
  );
  return together(parts, answered, rows.length);
}

const cellsOf = (row: unknown): Readonly<Record<string, unknown>> =>
  typeof row === "object" && row !== null ? (row as Record<string, unknown>) : {};

const partOf = <T extends Pick<OwnPart, "rows" | "ids">>(
  input: T,
  places: readonly number[],
): T => ({
  ...input,
  ...{ places, rows: places.map((i) => input.rows[i]), ids: places.map((i) => input.ids[i]!) },
});

function dividedBy(route: ServedRoute, rows: readonly unknown[], ids: readonly string[]) {
  const { split, champion, fields } = route;
  if (split === undefined)
    return [
      { arm: { version: champion, variant: "champion" as const }, rows: rows.map((_, i) => i) },
    ];
  return partsOf(
    armsOf(route, split),
    rows.map((row, i) => unitOf(row, fields.key, ids[i]!)),
  );
}

function together(
  parts: readonly Pick<Part, "rows">[],
  answered: readonly PromiseSettledResult<AnsweredPart>[],
  size: number,
): AnsweredPart {
  throwFirst(answered);
  const rows = new Array<AnsweredRow>(size);
  const raw = new Array<RawRow>(size);
  const keys = new Array<string | undefined>(size);
  const eventTimes = new Array<number>(size);
  answered.forEach((part, p) => {
    if (part.status === "rejected") return;
    const { read, rows: said } = part.value;
    parts[p]!.rows.forEach((place, i) => {
      rows[place] = said[i]!;
      raw[place] = read.rows[i]!;
      keys[place] = read.keys[i];
      eventTimes[place] = read.eventTimes[i]!;
    });
  });
  return { rows, read: { rows: raw, keys, eventTimes } };
}

/** Wrong rows of all parts are told at once, by row; any other failure goes before them. */
function throwFirst(answered: readonly PromiseSettledResult<AnsweredPart>[]): void {
  const errors = answered.flatMap((part) => (part.status === "rejected" ? [part.reason] : []));
  const first = errors.find((e) => !(e instanceof MillwrightError && e.code === "invalid_input"));
  if (first !== undefined) throw first;
  if (errors.length > 0)
    throw invalidRows(
      errors
        .flatMap((e) => (e as MillwrightError).details?.problems as never[])
        .sort((a: { row: number }, b: { row: number }) => a.row - b.row),
    );
}

const noVersions = ({ model, fallback }: Route, wanted: string): MillwrightError =>
  new MillwrightError(
    "not_found",
    `Version ${wanted.slice(0, 100)} of ${model} is not served: the model has no version of its own, ${fallback?.join(", ")} answer for it. Ask one of those, or leave the version out.`,
  );
