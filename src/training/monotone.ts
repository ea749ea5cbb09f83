import { MillwrightError } from "../errors.ts";
import type { FitInput } from "./trainer.ts";

/** Which way the score may go, by the place of the dense column. */
export function monotoneColumns(
  { design, task }: Pick<FitInput<unknown>, "design" | "task">,
  asked: Readonly<Record<string, -1 | 0 | 1>>,
): Map<number, -1 | 1> {
  const signs = new Map<number, -1 | 1>();
  for (const [name, sign] of Object.entries(asked)) {
    const column = design.names.indexOf(name);
    if (column < 0)
      throw new MillwrightError(
        "invalid_config",
        `monotone names "${name}", which is no column: expected one of ${design.names.join(", ")}`,
      );
    if (sign !== 0) signs.set(column, sign);
  }
  if (signs.size > 0 && task === "multiclass")
    throw new MillwrightError("invalid_config", "monotone is not defined for multiclass: drop it");
  return signs;
}
