import { MillwrightError } from "../errors.ts";
import type { Table } from "../table/table.ts";
import { findLeaks } from "./leaks.ts";
import { guessRole } from "./roles.ts";
import type { ColumnType, Role } from "./schema.ts";
import { inferTarget, type TargetInference } from "./target.ts";

export interface InferredColumn {
  readonly name: string;
  readonly type: ColumnType;
  readonly role: Role;
  readonly reason: string;
}

export interface Suggestion {
  readonly column: string;
  readonly reason: string;
}

/** What a table seems to be. Plain data: `init` prints it and writes the project from it. */
export interface Inference {
  readonly columns: readonly InferredColumn[];
  readonly target: TargetInference | undefined;
  /** When the row happened; undefined when no column says so. */
  readonly time: Suggestion | undefined;
  /** What names the row or its entity. */
  readonly key: Suggestion | undefined;
  readonly leaks: readonly Suggestion[];
}

export interface InferenceInput {
  /** Typed rows, in source order. */
  readonly sample: Table;
  /** Their row numbers in the source, ascending. */
  readonly sampled: ArrayLike<number>;
  readonly target?: string | undefined;
  /** What a person already decided. */
  readonly key?: string | undefined;
  readonly time?: string | undefined;
  readonly roles?: Readonly<Record<string, Role>> | undefined;
}

/** @throws invalid_input when a named column does not exist; invalid_data when the target cannot be learned. */
export function inferTable(input: InferenceInput): Inference {
  const { sample, roles = {} } = input;
  for (const [field, name] of Object.entries({
    target: input.target,
    key: input.key,
    time: input.time,
  }))
    if (name !== undefined && !sample.columns.has(name)) throw unknownColumn(field, name, sample);
  if (input.time !== undefined && sample.columns.get(input.time)!.type !== "time")
    throw new MillwrightError(
      "invalid_data",
      `time column '${input.time}' holds no dates; write them as 2026-03-01 or 2026-03-01T12:00:00Z, or name another column`,
    );
  const target =
    input.target === undefined
      ? undefined
      : inferTarget(input.target, sample.columns.get(input.target)!);

  const guesses = new Map<string, InferredColumn>();
  for (const [name, column] of sample.columns) {
    const guess = guessRole(name, column, input.sampled);
    const decided = Object.hasOwn(roles, name) ? roles[name] : undefined;
    const said =
      name === target?.target
        ? { role: "target" as const, reason: `to be predicted: ${target.task}, ${target.reason}` }
        : name === input.key
          ? { role: "id" as const, reason: "named as the key" }
          : name === input.time
            ? { role: "time" as const, reason: "named as the time" }
            : decided
              ? { role: decided, reason: "decided in the project" }
              : guess;
    guesses.set(name, { name, type: column.type, ...said });
  }
  const open = (role: Role) =>
    [...guesses.values()]
      .filter((c) => c.role === role && !Object.hasOwn(roles, c.name))
      .map((c) => c.name);
  const leaks = target
    ? findLeaks(
        sample,
        target,
        [...open("numeric"), ...open("category"), ...open("time").filter((n) => n !== input.time)],
        open("id"),
      )
    : [];
  const time = input.time
    ? { column: input.time, reason: "named as the time" }
    : timeColumn(
        sample,
        open("time").filter((n) => !leaks.some((l) => l.column === n)),
      );
  for (const { column, reason } of leaks) {
    const found = guesses.get(column)!;
    // An id is left out anyway, and when a row happened is needed for the split: both keep their role and get the warning.
    const keeps = found.role === "id" || column === time?.column;
    guesses.set(column, {
      ...found,
      role: keeps ? found.role : "leak",
      reason: keeps ? `${found.reason}; ${reason}` : reason,
    });
  }
  return {
    columns: [...guesses.values()],
    target,
    time,
    key: input.key
      ? { column: input.key, reason: "named as the key" }
      : keyColumn(sample, open("id")),
    leaks,
  };
}

const NOT_AN_EVENT = /birth|dob\b|(^|_)dob(_|$)|expir|valid_(to|until)|due_?date/i;

/** The column that best says when a row happened: most often filled, then in file order, then by its name. */
function timeColumn(sample: Table, names: readonly string[]): Suggestion | undefined {
  const scored = names.map((column) => {
    const values = (sample.columns.get(column) as { values: Float64Array }).values;
    const filled = values.filter((v) => !Number.isNaN(v));
    const distinct = new Set(filled).size;
    let backward = 0;
    for (let i = 1; i < filled.length; i++) if (filled[i]! < filled[i - 1]!) backward++;
    const ordered = filled.length > 1 ? 1 - backward / (filled.length - 1) : 0;
    const named =
      /received|event|created|occurred|timestamp|datetime|^date$|^time$|_at$|^ts$/i.test(column)
        ? 1
        : 0;
    const share = filled.length / Math.max(1, values.length);
    return {
      column,
      share,
      ordered,
      distinct,
      score: (share > 0.95 ? 1 : share) * 2 + ordered + 0.2 * named,
    };
  });
  const best = scored
    .filter((s) => s.share > 0.5 && s.distinct >= 5 && !NOT_AN_EVENT.test(s.column))
    .reduce<(typeof scored)[number] | undefined>(
      (a, b) => (a && a.score >= b.score ? a : b),
      undefined,
    );
  if (!best) return undefined;
  const reasons = [
    best.share === 1
      ? "filled in every row"
      : `filled in ${(100 * best.share).toFixed(1)} % of rows`,
    best.ordered === 1 && "the rows stand in its order",
  ];
  return { column: best.column, reason: reasons.filter(Boolean).join("; ") };
}

/** Texts before numbers: a running number names the line, a text id names the thing. */
function keyColumn(sample: Table, names: readonly string[]): Suggestion | undefined {
  const column = names.find((n) => sample.columns.get(n)!.type === "string") ?? names[0];
  return column === undefined ? undefined : { column, reason: "names each row" };
}

function unknownColumn(field: string, name: string, table: Table): MillwrightError {
  const names = [...table.columns.keys()];
  const near = names.filter((n) => n.toLowerCase() === name.toLowerCase());
  return new MillwrightError(
    "invalid_input",
    `${field} '${name}' is not a column; ${
      near.length > 0
        ? `did you mean '${near[0]}'?`
        : `the table has ${names
            .slice(0, 30)
            .map((n) => `'${n}'`)
            .join(", ")}${names.length > 30 ? ", …" : ""}`
    }`,
  );
}
