import { MillwrightError } from "../../errors.ts";
import type { FitInput } from "../trainer.ts";

/** Throws `invalid_data` for what no tree can learn from. */
export function checkFit({ design, target, weights, task, classes }: FitInput<unknown>): void {
  const fail = (message: string) => {
    throw new MillwrightError("invalid_data", message);
  };
  if (design.rows === 0) fail("there are no training rows: give at least one");
  if (design.width === 0) fail("there are no columns to learn from: give at least one feature");
  if (target.length !== design.rows)
    fail(`the target has ${target.length} values for ${design.rows} rows: they must match`);
  const seen = new Set<number>();
  for (const [i, y] of target.entries()) {
    if (!Number.isFinite(y)) fail(`target of row ${i} is ${y}: leave rows without a target out`);
    if (task === "regression") continue;
    if (!(Number.isInteger(y) && y >= 0 && y < classes))
      fail(`target of row ${i} is ${y}: expected a class from 0 to ${classes - 1}`);
    if ((weights?.[i] ?? 1) > 0) seen.add(y);
  }
  if (task !== "regression" && seen.size < 2)
    fail(
      `all training rows have class ${[...seen].join()}: rows of at least two classes are needed`,
    );
  if (!weights) return;
  let total = 0;
  for (const [i, w] of weights.entries()) {
    if (!(w >= 0 && Number.isFinite(w))) fail(`weight of row ${i} is ${w}: expected 0 or more`);
    total += w;
  }
  if (!(total > 0)) fail("all weights are 0: give some rows a positive weight");
}
