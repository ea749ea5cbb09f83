import { z } from "zod";
import { valuesAt } from "../../lib/values-at.ts";
import { benjaminiHochberg } from "../../stats/false-discovery.ts";
import { compareByFormula } from "../comparison.ts";
import { takeScores } from "../known-rows.ts";
import { sliceMetric } from "../slice-metric.ts";
import { slicesOf } from "../slices.ts";
import { finite, improvementInWords } from "../wording.ts";
import type { Gate } from "./gate.ts";

const params = z.strictObject({
  /** Columns to slice by; all when absent. */
  columns: z.array(z.string()).optional(),
  minRows: z.number().int().min(10).default(30),
  /** Share of false alarms among the alarms (Benjamini–Hochberg). */
  q: z.number().positive().max(0.5).default(0.05),
});

export const noSliceWorse: Gate<z.infer<typeof params>> = {
  name: "no_slice_worse",
  description:
    "In no slice of at least 30 rows is the candidate worse than the champion (paired test per slice, Benjamini–Hochberg q = 0.05).",
  params,
  judge({ task, metric, target, candidate, champion, table }, { columns, minRows, q }) {
    if (champion === undefined)
      return {
        outcome: "pass",
        reason: "there is no champion yet: no slice can have become worse",
        detail: null,
      };
    if (table === undefined)
      return { outcome: "warn", reason: "no columns were given to slice by", detail: null };
    const slices = slicesOf(table, columns === undefined ? { minRows } : { minRows, columns });
    const compared = slices.flatMap((slice) => {
      const y = valuesAt(target, slice.rows);
      const by = sliceMetric(task, metric, y);
      const c = compareByFormula(
        by,
        takeScores(candidate.scores, slice.rows),
        takeScores(champion.scores, slice.rows),
        y,
      );
      return c === undefined || Number.isNaN(c.pWorse) ? [] : [{ slice, by, c }];
    });
    const { adjusted, rejected } = benjaminiHochberg(
      compared.map(({ c }) => c.pWorse),
      q,
    );
    const worse = compared
      .map((entry, i) => ({ ...entry, adjusted: adjusted[i]! }))
      .filter((_, i) => rejected[i])
      .sort((a, b) => a.adjusted - b.adjusted);
    const detail = worse.map(({ slice, by, c, adjusted: p }) => ({
      ...{ column: slice.column, value: slice.value, rows: slice.rows.length, metric: by.name },
      ...{ candidate: finite(c.a), champion: finite(c.b), adjustedP: finite(p) },
    }));
    if (worse.length === 0)
      return { outcome: "pass", reason: `worse in none of ${compared.length} slices`, detail };
    const named = worse
      .slice(0, 3)
      .map(
        ({ slice, by, c }) =>
          `${slice.column} = ${slice.value} (${slice.rows.length} rows, ${by.name} ${improvementInWords(by, c)})`,
      );
    const more = worse.length > 3 ? ` and ${worse.length - 3} more` : "";
    return {
      outcome: "fail",
      reason: `worse than ${champion.name} in ${worse.length} of ${compared.length} slices: ${named.join("; ")}${more}. Look at these rows before promoting`,
      detail,
    };
  },
};
