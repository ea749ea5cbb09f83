import { explainRows } from "../explanation/explain-rows.ts";
import type { Explanation } from "../explanation/explanation.ts";
import { loadExplainer } from "../explanation/load-explainer.ts";
import type { Digest } from "../lib/digest.ts";
import { sessions } from "../runtime/sessions.ts";
import { loadModel } from "../serving/load-model.ts";
import type { RoutedVersion } from "../serving/route.ts";
import type { RawRow } from "../serving/rows.ts";
import { rowsOver, scoreFileIn } from "../serving/score-over.ts";
import type { Platform } from "./platform.ts";

/** Why a version says what it says about rows that it can read, computed by this process. Throws `unsupported` as `explain` does. */
export async function explainHere(
  deps: Pick<Platform, "blobs" | "runtime"> & {
    /** Lets others go on. */
    breathe(): Promise<void>;
  },
  { version, rows }: { readonly version: RoutedVersion; readonly rows: readonly RawRow[] },
): Promise<Explanation[]> {
  const read = version.over ? await withParent(deps, version.over, rows) : rows;
  const { about: explainer, session } = await loadExplainer(deps, version);
  try {
    return await explainRows(deps, { explainer, rows: read });
  } finally {
    await session.close();
  }
}

/** Of a member of a family: what the model says on which its own stands. */
async function withParent(
  deps: Pick<Platform, "blobs" | "runtime">,
  over: NonNullable<RoutedVersion["over"]>,
  rows: readonly RawRow[],
): Promise<RawRow[]> {
  const loaded = sessions((file: Digest) => loadModel(deps, file));
  return rowsOver(scoreFileIn(loaded), over, rows).finally(() => loaded.close());
}
