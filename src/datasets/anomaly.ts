/** The core of TFDV's taxonomy, and `format`: how the file is written (encoding, header, names, rows that could not be cut). */
export type AnomalyKind =
  | "type"
  | "missing"
  | "unseen_value"
  | "range"
  | "new_column"
  | "missing_column"
  | "volume"
  | "not_finite"
  | "unique"
  | "format";

/** One deviation of the data from its schema. `suspicious` warns; `broken` stops training unless accepted. */
export interface Anomaly {
  readonly kind: AnomalyKind;
  readonly severity: "suspicious" | "broken";
  readonly column: string | undefined;
  readonly rows: number;
  /** A few offending values, cut to 80 characters. */
  readonly examples: readonly string[];
  /** What was seen, against what, and what to do. */
  readonly message: string;
}
