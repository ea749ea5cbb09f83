import type { Signature } from "../onnx/signature.ts";
import type { Source, WrittenColumn } from "../storage/columns/columns.ts";

/** Names of what is added to the columns of a source. */
export interface AddedColumns {
  /** The class, or the number; null when the model abstains. */
  readonly label: string;
  /** One per number of the output: binary the positive class, multiclass every class; regression none, the label is the number. */
  readonly outputs: readonly string[];
  /** Number of the version. */
  readonly version: string;
  /** Of a family: name of the model that answered, and its level; undefined: one version answers all rows. */
  readonly answeredBy?: string;
  readonly level?: string;
  readonly abstained: string;
  /** undefined: no reasons were asked for. */
  readonly reasons: string | undefined;
}

type Said = Pick<Signature, "task" | "classes">;

/** Names that the source does not have already (`prediction_2` beside a column `prediction`; case is ignored, as in SQL). */
export function addedColumns(
  { task, classes }: Said,
  names: readonly string[],
  wanted: { readonly reasons: boolean; readonly family?: boolean },
): AddedColumns {
  const taken = new Set(names.map((name) => name.toLowerCase()));
  const free = (best: string): string => {
    let name = best;
    for (let n = 2; taken.has(name.toLowerCase()); n++) name = `${best}_${n}`;
    taken.add(name.toLowerCase());
    return name;
  };
  const told = task === "binary" ? classes.slice(1) : task === "multiclass" ? classes : [];
  return {
    label: free("prediction"),
    outputs: told.map((name) => free(`probability_${name}`)),
    version: free("version"),
    ...(wanted.family ? { answeredBy: free("answered_by"), level: free("level") } : {}),
    abstained: free("abstained"),
    reasons: wanted.reasons ? free("reasons") : undefined,
  };
}

/** What text of a Parquet source can be turned back into without loss; other types stay text. */
const KEPT_TYPES =
  /^(BOOLEAN|U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL\(\d+,\d+\)|DATE|TIMESTAMP)$/;

/** The columns of the result: those of the source as they were, then the added ones. */
export function resultColumns(
  { names, sqlTypes }: Pick<Source, "names" | "sqlTypes">,
  added: AddedColumns,
  { task }: Pick<Signature, "task">,
): WrittenColumn[] {
  const given = names.map((name): WrittenColumn => {
    const type = sqlTypes[name];
    const as = type?.startsWith("TIMESTAMP WITH") ? "TIMESTAMP" : type;
    return as !== undefined && KEPT_TYPES.test(as)
      ? { name, type: "string", as }
      : { name, type: "string" };
  });
  return [
    ...given,
    { name: added.label, type: task === "regression" ? "number" : "string" },
    ...added.outputs.map((name): WrittenColumn => ({ name, type: "number" })),
    { name: added.version, type: "number", as: "INTEGER" },
    ...(added.answeredBy === undefined
      ? []
      : [{ name: added.answeredBy, type: "string" } as const]),
    ...(added.level === undefined
      ? []
      : [{ name: added.level, type: "number", as: "INTEGER" } as const]),
    { name: added.abstained, type: "number", as: "BOOLEAN" },
    ...(added.reasons === undefined ? [] : [{ name: added.reasons, type: "string" } as const]),
  ];
}
