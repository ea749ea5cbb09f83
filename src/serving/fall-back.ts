import { MillwrightError } from "../errors.ts";
import { type AnsweredPart, answerPart, type PartInput } from "./answer-part.ts";
import { fieldsAcross } from "./fields-across.ts";
import type { PredictDeps } from "./predict.ts";
import type { Route, ServedRoute } from "./route.ts";

export interface FallBackInput extends Omit<PartInput, "by" | "fields"> {
  /** Who was asked. */
  readonly route: Route;
  /** Who may answer instead, in this order; one of `route`'s own model is its champion. */
  readonly standIns: readonly ServedRoute[];
  /** Of the version that was asked; undefined: they are not known, because it could not be loaded. */
  readonly columns: readonly string[] | undefined;
  /** What the one that was asked failed with; undefined: it did not. */
  readonly why: unknown;
}

/**
 * The first answer down the chain. A stand-in reads its own columns; what else the model that was asked reads may be there.
 * When nobody can answer, throws what the one that was asked failed with, else what is wrong with the rows, else what the first
 * stand-in failed with.
 */
export async function fallBack(
  deps: Pick<PredictDeps, "models" | "newPredictionId" | "count">,
  input: FallBackInput,
): Promise<AnsweredPart> {
  const { route, standIns, columns, rows } = input;
  let failed: unknown;
  let refused: unknown;
  let level = 0;
  for (const { model, champion: version, fields: own } of standIns) {
    if (model !== route.model) level += 1;
    const fields = model === route.model ? own : fieldsAcross(route.fields, own, columns, rows);
    const by = { model, version, variant: "fallback", level } as const;
    try {
      const answered = await answerPart(deps, { ...input, by, fields });
      deps.count("fallbacks", rows.length);
      return answered;
    } catch (error) {
      failed ??= error;
      if (!canFallBack(error)) refused ??= error;
    }
  }
  throw (
    input.why ??
    refused ??
    failed ??
    new MillwrightError(
      "unavailable",
      `Model ${route.model} has no version of its own, and none of its fallbacks (${route.fallback?.join(", ") || "none"}) is deployed here.`,
    )
  );
}

/** Errors that are about the model and not about the request: another model may do better. */
const ANOTHER_MAY: ReadonlySet<string> = new Set([
  ...["not_found", "invalid_model", "overloaded", "unavailable", "timeout", "internal"],
]);

export const canFallBack = (error: unknown): boolean =>
  !(error instanceof MillwrightError) || ANOTHER_MAY.has(error.code);
