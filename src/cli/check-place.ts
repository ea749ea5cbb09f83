import { stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { MillwrightError } from "../errors.ts";
import { resultFormat } from "../storage/columns/result-format.ts";

/** Whether a result can be written there: found out at once, not when everything is done. */
export async function checkPlace(out: string): Promise<void> {
  resultFormat(out);
  const folder = await stat(dirname(out)).catch(() => undefined);
  if (!folder?.isDirectory())
    throw new MillwrightError(
      "invalid_input",
      `--out ${basename(out)}: there is no folder ${dirname(out)}. Make it first.`,
    );
}
