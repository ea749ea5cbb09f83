import type { Anomaly } from "./anomaly.ts";
import type { Facts } from "./facts.ts";
import type { ColumnSchema, Schema } from "./schema.ts";

/** Fewer rows than this give no model worth its gates. */
const FEW_ROWS = 50;

export interface ValidationInput {
  readonly schema: Schema;
  readonly facts: Facts;
  /** The names the source has. */
  readonly names: readonly string[];
  /** Rows of the version before, when there is one. */
  readonly before: number | undefined;
}

/** How the rows deviate from what the schema expects, the gravest first. */
export function validate({ schema, facts, names, before }: ValidationInput): Anomaly[] {
  const found: Anomaly[] = [];
  const expected = new Set(schema.columns.map((c) => c.name));
  for (const name of names)
    if (!expected.has(name))
      found.push(
        anomaly(
          "new_column",
          "suspicious",
          name,
          facts.rows,
          `column '${name}' is not in the schema; it was left out: add it to the schema to use it`,
        ),
      );
  for (const c of schema.columns) {
    if (!names.includes(c.name)) {
      const needed = !["ignore", "constant", "id", "leak"].includes(c.role);
      found.push(
        anomaly(
          "missing_column",
          needed ? "broken" : "suspicious",
          c.name,
          facts.rows,
          `column '${c.name}' (${c.role}) is in the schema but not in the source; it counts as missing in every row`,
        ),
      );
      continue;
    }
    found.push(...columnAnomalies(c, facts));
  }
  if (facts.rows < FEW_ROWS)
    found.push(
      anomaly(
        "volume",
        "suspicious",
        undefined,
        facts.rows,
        `only ${facts.rows} rows: too few to train and judge a model (at least ${FEW_ROWS})`,
      ),
    );
  else if (before !== undefined && facts.rows < before / 2)
    found.push(
      anomaly(
        "volume",
        "suspicious",
        undefined,
        facts.rows,
        `${facts.rows} rows, less than half of the ${before} of the version before: is the source complete?`,
      ),
    );
  return found.sort(
    (a, b) => Number(a.severity === "suspicious") - Number(b.severity === "suspicious"),
  );
}

function* columnAnomalies(c: ColumnSchema, { rows, columns }: Facts): Generator<Anomaly> {
  const { missing, values, outside, outsideExamples } = columns.get(c.name)!;
  const unused = c.role === "ignore" || c.role === "constant" || c.role === "leak";
  if (rows === 0 || unused) return;
  const share = missing / rows;
  if (missing === rows && c.missing < 1)
    yield anomaly(
      "missing",
      "broken",
      c.name,
      missing,
      `column '${c.name}' has no value in any row; up to ${percent(c.missing)} missing is expected`,
    );
  else if (share > c.missing)
    yield anomaly(
      "missing",
      "suspicious",
      c.name,
      missing,
      `column '${c.name}' is missing in ${percent(share)} of rows; up to ${percent(c.missing)} is expected: raise \`missing\` in the schema if that is the new normal`,
    );
  if (c.role === "target" && values?.size === 1)
    yield anomaly(
      "missing",
      "broken",
      c.name,
      rows,
      `target '${c.name}' is '${[...values.keys()][0]}' in every row: there is nothing to learn from these rows alone`,
    );
  if (outside > 0 && c.range)
    yield anomaly(
      "range",
      "suspicious",
      c.name,
      outside,
      `column '${c.name}' is outside ${c.range.min} to ${c.range.max} in ${outside} rows: a changed unit, or widen \`range\` in the schema`,
      outsideExamples,
    );
  if (!c.domain || !values) return;
  const known = new Set(c.domain.values);
  const unseen = [...values].filter(([value]) => !known.has(value)).sort((a, b) => b[1] - a[1]);
  const unseenRows = unseen.reduce((sum, [, n]) => sum + n, 0);
  const unseenShare = unseenRows / Math.max(1, rows - missing);
  if (unseenShare > c.domain.other)
    yield anomaly(
      "unseen_value",
      c.role === "target" ? "broken" : "suspicious",
      c.name,
      unseenRows,
      `column '${c.name}' has ${unseen.length} values that the schema does not know, in ${percent(unseenShare)} of rows (up to ${percent(c.domain.other)} is expected): add them to \`domain\` if they are right`,
      unseen.slice(0, 5).map(([value]) => value.slice(0, 80)),
    );
}

export const anomaly = (
  kind: Anomaly["kind"],
  severity: Anomaly["severity"],
  column: string | undefined,
  rows: number,
  message: string,
  examples: readonly string[] = [],
): Anomaly => ({ kind, severity, column, rows, examples, message });

const percent = (share: number) => `${Number((100 * share).toPrecision(3))} %`;
