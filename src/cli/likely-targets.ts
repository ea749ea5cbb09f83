import type { InferredColumn } from "../datasets/infer.ts";

const NAMED =
  /(^|[_\s.-])(target|label|labels|class|outcome|result|churn(ed)?|default(ed)?|fraud|spam|cancel+ed|survived|converted|clicked|response|y|price|cost|amount|sales|demand|count|cnt|score|rating|risk|quality|diagnosis|income)$/i;

export interface LikelyTarget {
  readonly column: string;
  readonly reason: string;
}

/** Columns that a person may want to predict, the likeliest first, at most three: named as one, with two values, or standing last. */
export function likelyTargets(
  columns: readonly InferredColumn[],
  distinct: (column: string) => number | undefined,
): LikelyTarget[] {
  return columns
    .map(({ name, role }, i) => {
      const named = NAMED.test(name) || /^(is|has|was)_/i.test(name);
      const two = distinct(name) === 2;
      const last = i === columns.length - 1;
      const possible = role === "numeric" || role === "category";
      const reasons = [named && "named as one", two && "two values", last && "the last column"];
      return {
        column: name,
        score: possible ? (named ? 3 : 0) + (two ? 1 : 0) + (last ? 1.5 : 0) : 0,
        reason: reasons.filter(Boolean).join(", "),
      };
    })
    .filter(({ score }) => score >= 1.5)
    .sort((a, b) => b.score - a.score)
    .slice(0, 3)
    .map(({ column, reason }) => ({ column, reason }));
}
