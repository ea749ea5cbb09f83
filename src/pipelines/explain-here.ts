import { explainRows } from "../explanation/explain-rows.ts";
import type { Explanation } from "../explanation/explanation.ts";
import { loadExplainer } from "../explanation/load-explainer.ts";
import type { ModelVersion } from "../registry/model-version.ts";
import type { RawRow } from "../serving/rows.ts";
import type { Platform } from "./platform.ts";

/** Why a version says what it says about rows that it can read, computed by this process. Throws `unsupported` as `explain` does. */
export async function explainHere(
  deps: Pick<Platform, "blobs" | "runtime"> & {
    /** Lets others go on. */
    breathe(): Promise<void>;
  },
  { version, rows }: { readonly version: ModelVersion; readonly rows: readonly RawRow[] },
): Promise<Explanation[]> {
  const { about: explainer, session } = await loadExplainer(deps, version);
  try {
    return await explainRows(deps, { explainer, rows });
  } finally {
    await session.close();
  }
}
