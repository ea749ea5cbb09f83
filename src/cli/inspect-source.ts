import { explore } from "../datasets/explore.ts";
import type { Inference } from "../datasets/infer.ts";
import type { ColumnEvidence } from "../datasets/survey.ts";
import { MillwrightError } from "../errors.ts";
import type { Columns, Source } from "../storage/columns/columns.ts";
import type { Column, Table } from "../table/table.ts";
import { suggestion } from "./near-names.ts";

export interface InspectRequest {
  /** Path or glob, relative to `folder`. */
  readonly uri: string;
  /** Absolute. */
  readonly folder: string;
  readonly header?: readonly string[] | undefined;
  readonly target?: string | undefined;
  readonly time?: string | undefined;
  readonly key?: string | undefined;
}

/** What `init` found out about a source. */
export interface Inspected {
  readonly source: Source;
  readonly rows: number;
  /** Rows that could not be cut into columns. */
  readonly unreadable: number;
  readonly evidence: readonly ColumnEvidence[];
  readonly inference: Inference;
  /** Distinct values of the target with their share of the sampled rows, most frequent first. Empty for regression. */
  readonly classes: readonly ClassShare[];
  readonly missingTargets: number;
  /** Different values of each column among the sampled rows. */
  readonly distinct: ReadonlyMap<string, number>;
}

interface ClassShare {
  readonly name: string;
  readonly share: number;
}

/** Reads every row of the source once, as text, and infers what its columns are from an even sample of it. */
export async function inspectSource(columns: Columns, request: InspectRequest): Promise<Inspected> {
  const { uri, folder, header } = request;
  const source = await columns.inspect({ uri, folder, ...(header ? { header } : {}) });
  const options = { target: request.target, time: request.time, key: request.key };
  for (const [option, name] of Object.entries(options))
    if (name !== undefined && !source.names.includes(name))
      throw new MillwrightError(
        "invalid_input",
        `--${option} ${JSON.stringify(name)} is not a column. ${suggestion(name, source.names, "columns")}`,
      );
  const { survey, sample, inference } = await explore(
    { columns },
    { source: uri, folder, header, inspected: source, ...options },
  );
  return {
    source,
    rows: survey.rows,
    unreadable: survey.bad,
    evidence: survey.columns,
    inference,
    distinct: new Map([...sample.columns].map(([name, c]) => [name, distinctValues(c)])),
    ...balance(inference, sample, survey.columns),
  };
}

const distinctValues = (column: Column): number =>
  column.type === "string"
    ? new Set(column.codes.filter((code) => code >= 0)).size
    : new Set(column.values.filter((value) => !Number.isNaN(value))).size;

function balance(
  { target }: Inference,
  sample: Table,
  evidence: readonly ColumnEvidence[],
): Pick<Inspected, "classes" | "missingTargets"> {
  if (!target) return { classes: [], missingTargets: 0 };
  const missingTargets = evidence.find((c) => c.name === target.target)?.missing ?? 0;
  const column = sample.columns.get(target.target)!;
  if (target.task === "regression") return { classes: [], missingTargets };
  const counts = new Map<string, number>();
  const add = (value: string) => counts.set(value, (counts.get(value) ?? 0) + 1);
  if (column.type === "string") {
    for (const code of column.codes) if (code >= 0) add(column.dictionary[code]!);
  } else for (const value of column.values) if (!Number.isNaN(value)) add(String(value));
  const total = [...counts.values()].reduce((sum, n) => sum + n, 0);
  const classes = [...counts].map(([name, n]) => ({ name, share: n / total }));
  return { classes: classes.sort((a, b) => b.share - a.share), missingTargets };
}
