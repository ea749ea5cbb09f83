import type { InferredColumn } from "../datasets/infer.ts";
import type { Task } from "../lib/task.ts";
import { oneLine } from "./render-text.ts";

/** What `init` has decided, and what a new millwright.config.ts is written from. */
export interface NewProject {
  /** How it came about: goes into the first line. */
  readonly command: string;
  readonly dataset: string;
  readonly model: string;
  readonly source: string;
  /** Names to be given to the columns of a file without a header line. */
  readonly header: readonly string[] | undefined;
  readonly key: string | undefined;
  readonly time: string | undefined;
  readonly target: string;
  readonly task: Task;
  readonly targetNote: string;
  readonly positive: string | undefined;
  readonly columns: readonly InferredColumn[];
}

/** More judgements than this do not help a reader; the rest is inferred the same way every time. */
const MOST_LISTED = 40;

type Call = "numeric" | "category" | "text" | "time" | "ignore";

interface Listed {
  readonly name: string;
  readonly call: Call;
  readonly why: string;
}

/** The text of a millwright.config.ts: only what a person may want to edit. Any name is safe in it. */
export function projectText(project: NewProject): string {
  const { listed, left } = judgements(project);
  const calls = [...new Set(listed.map(({ call }) => call))].sort();
  const timed = project.time !== undefined;
  const lines = [
    `import { ${["defineProject", ...calls].join(", ")} } from "millwright";`,
    "",
    `// Written by: ${remark(project.command)}`,
    "// What is not said here is inferred from the data. After an edit: millwright train",
    "export default defineProject({",
    "  datasets: {",
    `    ${propertyName(project.dataset)}: {`,
    `      source: ${quoted(project.source)},`,
    ...(project.header ? [headerLine(project.header)] : []),
    ...(project.key === undefined
      ? []
      : [`      key: ${quoted(project.key)}, // names the row or whom it is about`]),
    timed
      ? `      time: ${quoted(project.time!)}, // when a row happened: the newest rows are the test. Without it: a random split`
      : '      // time: "…", // the column that says when a row happened: the newest rows become the test',
    "    },",
    "  },",
    "  models: {",
    `    ${propertyName(project.model)}: {`,
    `      dataset: ${quoted(project.dataset)},`,
    `      target: ${quoted(project.target)}, // ${remark(`${project.task}: ${project.targetNote}`)}`,
    ...(project.positive === undefined
      ? []
      : [
          `      positive: ${quoted(project.positive)}, // the class whose probability is reported`,
        ]),
    ...(listed.length > 0 ? ["      features: {", ...featureLines(listed, left), "      },"] : []),
    '      train: { budget: "60s" }, // also: metric, trainers, seed, split, test',
    "      // A new version has to pass every gate: beatsBaseline, beatsChampion, calibrated, noSliceWorse, …",
    "      // gates: [beatsBaseline(), beatsChampion()],",
    '      retrain: { every: "week", onDrift: true, onCodeChange: true },',
    "      // It then runs beside the champion, unseen, until this many labels have come back; false: promoted at once.",
    "      deploy: { shadow: { minLabels: 200 } },",
    `      monitor: { window: "day" },`,
    "    },",
    "  },",
    "});",
  ];
  return `${lines.join("\n")}\n`;
}

/** Columns for which inference had to judge: a person should see these, and can overrule them in place. */
function judgements(project: NewProject): { readonly listed: Listed[]; readonly left: number } {
  const { columns, key, time, target } = project;
  const calls = columns.flatMap(({ name, type, role, reason }): Listed[] => {
    if (name === target || name === key || name === time) return [];
    if (role === "leak") return [{ name, call: "ignore", why: `knows the answer? ${reason}` }];
    if (role === "id" || role === "constant")
      return [{ name, call: "ignore", why: `${role}: ${reason}` }];
    if (role === "text" || role === "time") return [{ name, call: role, why: reason }];
    if (role === "category" && type === "number") return [{ name, call: "category", why: reason }];
    return [];
  });
  const rank = ({ why }: Listed) => (why.startsWith("knows the answer?") ? 0 : 1);
  const ordered = calls.sort((a, b) => rank(a) - rank(b));
  return { listed: ordered.slice(0, MOST_LISTED), left: Math.max(0, ordered.length - MOST_LISTED) };
}

function featureLines(listed: readonly Listed[], left: number): string[] {
  const lines = listed.map(
    ({ name, call, why }) => `        ${propertyName(name)}: ${call}(), // ${remark(why)}`,
  );
  return left === 0 ? lines : [...lines, `        // … and ${left} more, inferred the same way`];
}

function headerLine(names: readonly string[]): string {
  const joined = names.map(quoted).join(", ");
  return `      header: [${joined}], // the file has no header line: name the columns as you like`;
}

/** A string literal that is safe in any source file: JSON, with the line separators escaped that end a line comment. */
const quoted = (text: string): string =>
  JSON.stringify(text).replace(
    /[\u2028\u2029\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );

const propertyName = (name: string): string =>
  /^[A-Za-z_$][\w$]*$/.test(name) && name !== "__proto__"
    ? name
    : name === "__proto__"
      ? '["__proto__"]'
      : quoted(name);

/** Text for a line comment: values of the data may hold anything. */
const remark = (text: string): string => {
  const plain = oneLine(text).trim();
  return plain.length > 110 ? `${plain.slice(0, 109).trimEnd()}…` : plain;
};

const GENERIC =
  /^(target|label|labels|class|y|outcome|output|result|value|column\d+|v\d+|cnt|count)$/i;

/** A model is called after what it predicts, or after its data where the target's name says nothing. */
export function modelNameOf(target: string, dataset: string): string {
  const name = slug(target);
  return name === "" || GENERIC.test(name) ? dataset : name;
}

/** `data/telco churn (2).csv.gz` → `telco_churn_2`. */
export function datasetNameOf(source: string): string {
  const file = source.split(/[\\/]/).pop() ?? "";
  const bare = file.replace(/(\.(csv|tsv|tab|txt|data|jsonl|ndjson|json|parquet|pq|gz))+$/i, "");
  return slug(bare.replace(/[*?]+/g, "")) || "data";
}

/** To what a name may be: letters, digits, _ . -, starting with a letter or digit, at most 100. Accents are taken off. */
export const slug = (text: string): string =>
  text
    .normalize("NFKD")
    .replace(/\p{M}+/gu, "")
    .replaceAll("ß", "ss")
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^_+|_+$/g, "")
    .slice(0, 60)
    .replace(/_+$/, "");
