/** What a column is for. `leak` = knows the answer (left out until a person says otherwise); `constant` and `id` carry nothing to learn from. */
export type Role =
  | "target"
  | "numeric"
  | "category"
  | "text"
  | "time"
  | "id"
  | "constant"
  | "leak"
  | "ignore";

/** The stored type. Times are UTC; a date is midnight. Booleans are categories "true" / "false". */
export type ColumnType = "number" | "string" | "time";

export interface ColumnSchema {
  readonly name: string;
  readonly type: ColumnType;
  readonly role: Role;
  /** Why the role was chosen, in words: shown by `init` and `show`. */
  readonly reason: string;
  /** Times written like "1/7/2015": whether day or month comes first. Left out: day. */
  readonly dateOrder?: "dmy" | "mdy";
  /** Largest share of missing values that is still normal, 0..1. */
  readonly missing: number;
  /** Numbers and times: values outside are an anomaly. */
  readonly range?: { readonly min: number; readonly max: number };
  /** Categories: the known values (the 1,000 most frequent) and the share of rows that may fall outside them. */
  readonly domain?: { readonly values: readonly string[]; readonly other: number };
}

/** The expected shape of a dataset: inferred, then edited by people. Column order is the file's. */
export interface Schema {
  readonly columns: readonly ColumnSchema[];
}
