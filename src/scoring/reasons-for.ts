import { explainRows } from "../explanation/explain-rows.ts";
import type { Explainer } from "../explanation/explainer.ts";
import { reasonsOf } from "../explanation/reasons.ts";
import type { Json } from "../lib/json.ts";
import type { Sessions } from "../runtime/sessions.ts";
import { explainerKey } from "../serving/explain.ts";
import type { RoutedVersion } from "../serving/route.ts";
import type { Column, Table } from "../table/table.ts";

/** Why the model says what it says about the rows of a table: the strongest reasons in words, one text a row. */
export async function reasonsFor(
  deps: { readonly explainers: Sessions<Explainer> },
  input: { readonly version: RoutedVersion; readonly table: Table; readonly top: number },
): Promise<string[]> {
  const { table, top } = input;
  const rows = Array.from({ length: table.rows }, (_, i) =>
    Object.fromEntries([...table.columns].map(([name, column]) => [name, valueAt(column, i)])),
  );
  return deps.explainers.use(explainerKey(input.version), async ({ about: explainer }) => {
    const explanations = await explainRows({ breathe: async () => {} }, { explainer, rows });
    const { target } = explainer.signature;
    return explanations.map((one) => reasonsOf(one, target).slice(0, top).join("; "));
  });
}

export function valueAt(column: Column, row: number): Json {
  if (column.type === "string") return column.dictionary[column.codes[row]!] ?? null;
  const value = column.values[row]!;
  return Number.isNaN(value) ? null : value;
}
