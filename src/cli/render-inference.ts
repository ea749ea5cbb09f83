import pc from "picocolors";
import type { InferredColumn } from "../datasets/infer.ts";
import type { Role } from "../datasets/schema.ts";
import type { Inspected } from "./inspect-source.ts";
import type { LikelyTarget } from "./likely-targets.ts";
import { counted, heading, labelled, oneLine, percent, table, wrap } from "./render-text.ts";

/** Wide tables: this many columns are shown, those with something to say first. */
const MOST_SHOWN = 40;

const ROLE_COLOUR: Readonly<Partial<Record<Role, (text: string) => string>>> = {
  target: pc.green,
  leak: pc.red,
  id: pc.dim,
  constant: pc.dim,
  ignore: pc.dim,
};

/** The table of columns: what each is for, and why. */
function renderColumns(columns: readonly InferredColumn[], width: number): string[] {
  const telling = (c: InferredColumn) =>
    c.role === "target"
      ? 0
      : c.role === "leak"
        ? 1
        : c.role === "numeric" || c.role === "category"
          ? 3
          : 2;
  const shown =
    columns.length <= MOST_SHOWN
      ? columns
      : [...columns].sort((a, b) => telling(a) - telling(b)).slice(0, MOST_SHOWN);
  const rows = shown.map(({ name, role, reason }) => [
    shorten(name),
    (ROLE_COLOUR[role] ?? String)(role),
    oneLine(reason),
  ]);
  const lines = table(["column", "role", "why"], rows, width, pc.dim);
  const left = columns.length - shown.length;
  return left === 0 ? lines : [...lines, pc.dim(`  … and ${counted(left, "more column")}`)];
}

/** With fewer rows nothing can be trained and tested (pipelines/plan-training). */
const FEWEST_ROWS = 30;
const LEARNABLE: ReadonlySet<Role> = new Set(["numeric", "category", "text", "time"]);
/** Columns with more than this share of missing values are called out. */
const MANY_MISSING = 0.2;

/** One thing a person should look at before training: a sentence, and lines under it. */
interface Remark {
  readonly text: string;
  readonly items: readonly string[];
}

function remarksOf(inspected: Inspected, key: string | undefined): Remark[] {
  const { evidence, rows, unreadable, missingTargets, source } = inspected;
  const { target, columns, leaks } = inspected.inference;
  const remarks: Remark[] = [];
  const remark = (text: string, items: readonly string[] = []) => remarks.push({ text, items });
  const known = rows - missingTargets;
  if (target && known < FEWEST_ROWS)
    remark(
      `Only ${counted(known, "row has", "rows have")} a known ${named(target.target)}: training needs at least ${FEWEST_ROWS}.`,
    );
  if (target && !columns.some((c) => LEARNABLE.has(c.role)))
    remark("No column is left to learn from.");
  const out = leaks.filter((leak) => leak.column !== target?.target);
  if (out.length > 0)
    remark(
      `${out.length === 1 ? "This column seems" : "These columns seem"} to know the answer and ${out.length === 1 ? "is" : "are"} left out: when a real prediction is asked for, they would not be filled in yet, or mean nothing.`,
      out.map(({ column, reason }) => `${named(column)}: ${oneLine(reason)}`),
    );
  const nothing = columns.filter(
    ({ name, role }) =>
      (role === "id" || role === "constant") &&
      name !== key &&
      !leaks.some((leak) => leak.column === name),
  );
  if (nothing.length > 0)
    remark(
      `${list(nothing.map((c) => c.name))} ${nothing.length === 1 ? "names" : "name"} a row or never ${nothing.length === 1 ? "changes" : "change"}: nothing to learn from, left out.`,
    );
  const sparse = evidence.filter(
    (c) => c.name !== target?.target && c.missing / rows > MANY_MISSING,
  );
  if (sparse.length > 0)
    remark(
      `Missing in many rows: ${list(
        sparse.map((c) => `${shorten(c.name)} (${percent(c.missing / rows)})`),
        String,
      )}.`,
    );
  for (const { name, type, odd } of evidence.filter((c) => c.odd.length > 0).slice(0, 5))
    remark(
      `${named(name)} holds ${type === "number" ? "numbers" : "times"}, but also ${list(odd.slice(0, 3))}: such rows are set aside with the reason.`,
    );
  if (missingTargets > 0)
    remark(
      `${counted(missingTargets, "row")} without ${named(target?.target ?? "target")}: nothing to learn from, set aside.`,
    );
  if (unreadable > 0)
    remark(
      `${counted(unreadable, "row")} could not be read and will be set aside with the reason.`,
    );
  for (const note of source.notes)
    if (note.kind === "header")
      remark(
        `There is no header line, so the columns are called ${list(source.names)}. To name them: --header ${source.names.length === 2 ? "label,text" : "name1,name2,…"}`,
      );
    else remark(sentence(note.message));
  return remarks;
}

/** "73.5 % No, 26.5 % Yes". */
export function balanceInWords({ classes }: Inspected): string {
  const shown = classes.slice(0, 6).map(({ name, share }) => `${percent(share)} ${shorten(name)}`);
  return classes.length > 6
    ? `${shown.join(", ")}, … (${classes.length} classes)`
    : shown.join(", ");
}

/** Which rows will be the final test, and why those. */
function splitInWords(time: string | undefined, inspected: Inspected): string {
  const { target } = inspected.inference;
  if (time !== undefined)
    return `by time: the newest 20 % by ${named(time)} are the final test. A random split would mix rows of the same days into training and test, and flatter the model.`;
  return `random${target?.task === "regression" ? "" : `, with every class of ${named(target?.target ?? "the target")} in its share`}: no column says when a row happened. If the rows do have an order in time, name that column with --time.`;
}

export interface InitView {
  readonly inspected: Inspected;
  readonly uri: string;
  readonly time: string | undefined;
  readonly key: string | undefined;
  readonly model: string;
  readonly written: readonly string[];
  readonly next: string;
}

export function renderInit(view: InitView, width: number): string[] {
  const { inspected, uri, written } = view;
  const { inference, rows } = inspected;
  const target = inference.target!;
  const remarks = remarksOf(inspected, view.key);
  const balance = balanceInWords(inspected);
  return [
    "",
    `${heading(shorten(uri, 60))}  ${pc.dim(`${counted(rows, "row")}, ${counted(inference.columns.length, "column")}`)}`,
    "",
    ...renderColumns(inference.columns, width),
    "",
    ...labelled("model", `${view.model}: ${target.task}, predicts ${named(target.target)}`, width),
    ...(balance === "" ? [] : labelled("balance", balance, width)),
    ...(target.positive === undefined
      ? []
      : labelled(
          "positive",
          `${named(target.positive)}, the class whose probability is reported`,
          width,
        )),
    ...labelled("split", splitInWords(view.time, inspected), width),
    ...(remarks.length === 0
      ? []
      : ["", heading("Please look at"), ...remarks.flatMap((remark) => bullet(remark, width))]),
    "",
    ...written.map((line) => `  ${pc.green("✓")} ${line}`),
    "",
    `${heading("Next")}  ${view.next}`,
  ];
}

/** Without a target nothing can be written: what could be one. */
export function renderTargets(
  inspected: Inspected,
  view: {
    readonly uri: string;
    readonly likely: readonly LikelyTarget[];
    readonly command: string;
  },
  width: number,
): string[] {
  const { likely } = view;
  const { columns } = inspected.inference;
  return [
    "",
    `${heading(shorten(view.uri, 60))}  ${pc.dim(`${counted(inspected.rows, "row")}, ${counted(columns.length, "column")}`)}`,
    "",
    ...renderColumns(columns, width),
    "",
    `${heading("Which column is to be predicted?")}${likely.length > 0 ? "  Perhaps:" : ""}`,
    ...likely.map(
      ({ column, reason }) => `  ${view.command} --target ${shellWord(column)}  ${pc.dim(reason)}`,
    ),
    ...(likely.length > 0 ? [] : [`  ${view.command} --target <column>`]),
  ];
}

const bullet = ({ text, items }: Remark, width: number): string[] => [
  ...wrap(text, width - 4).map((line, i) =>
    i === 0 ? `  ${pc.yellow("!")} ${line}` : `    ${line}`,
  ),
  ...items.flatMap((item) => wrap(item, width - 4, 2).map((line) => `    ${line}`)),
];

const shorten = (name: string, most = 32): string => {
  const plain = oneLine(name);
  return plain.length > most ? `${plain.slice(0, most - 1)}…` : plain;
};
const named = (name: string): string => `"${shorten(name)}"`;

function list(names: readonly string[], show: (name: string) => string = named): string {
  const shown = names.slice(0, 6).map(show);
  const more = names.length > 6 ? ` and ${names.length - 6} more` : "";
  if (more !== "" || shown.length < 2) return shown.join(", ") + more;
  return `${shown.slice(0, -1).join(", ")} and ${shown[shown.length - 1]}`;
}

const sentence = (text: string): string => {
  const plain = oneLine(text);
  return `${plain.charAt(0).toUpperCase()}${plain.slice(1)}${/[.!?]$/.test(plain) ? "" : "."}`;
};

/** As it has to be typed into a shell. */
export const shellWord = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
