import { MillwrightError } from "../errors.ts";
import { crashPoint } from "../lib/crash-point.ts";
import { type Digest, digestOf } from "../lib/digest.ts";
import { isName, NAME_RULE } from "../lib/name.ts";
import type { ImportOptions } from "../onnx/import-onnx.ts";
import type { ModelVersion } from "../registry/model-version.ts";
import type { Platform } from "./platform.ts";
import { promote } from "./promote.ts";
import { type Registered, registerImported } from "./register-imported.ts";
import { tryGraph } from "./try-graph.ts";

/** Stands in the history of every imported version that becomes champion: no gate has seen it. */
export const NOT_JUDGED = "imported, not judged";

export interface ImportInput {
  readonly model: string;
  /** Name of the file, without its folder. */
  readonly file: string;
  readonly bytes: Uint8Array;
  readonly options: ImportOptions;
  /** `first`: only where the model has no champion. */
  readonly promote: "first" | "always" | "never";
  /** Why, in the person's words. */
  readonly reason?: string | undefined;
  /** What was assumed about it before, in words. */
  readonly notes?: readonly string[];
  readonly registered?: Registered | undefined;
  readonly runId?: string | undefined;
}

export interface ImportedModel {
  readonly version: ModelVersion;
  /** false: it is kept; another version is champion, or none was wanted. */
  readonly promoted: boolean;
  /** Version number of the champion before. */
  readonly previous: number | undefined;
}

/**
 * Makes an ONNX file a version of a model: read, tried, kept under its digest with where it came from, and champion when wanted.
 * The same file with the same options is the same version. Throws `invalid_model` and `invalid_input` in words that say what to do.
 */
export async function importModel(
  deps: Pick<
    Platform,
    "runtime" | "blobs" | "registry" | "clock" | "environment" | "transact" | "project" | "datasets"
  >,
  input: ImportInput,
): Promise<ImportedModel> {
  const { model, bytes, options, file, registered, runId } = input;
  checkModelName(model);
  const imported = await tryGraph(deps, { bytes, options });
  const version = await registerImported(deps, {
    ...{ model, file, options, registered, runId, sha256: digestOf(bytes) },
    ...{ onnx: await deps.blobs.put(imported.onnx) },
    imported: { ...imported, notes: [...imported.notes, ...(input.notes ?? [])] },
  });
  crashPoint("import:registered");
  const numberOf = async (id: Digest | undefined) => id && (await deps.registry.get(id))?.number;
  const before = await deps.registry.alias(model, "champion");
  const wanted = input.promote === "always" || (input.promote === "first" && !before);
  if (!wanted || before === version.id)
    return { version, promoted: before === version.id, previous: await numberOf(before) };
  const { promoted, previous } = await promote(deps, {
    ...{ model, version: version.id, verdict: undefined, runId, guard: true },
    reason: input.reason ? `${input.reason} (${NOT_JUDGED})` : NOT_JUDGED,
    at: deps.clock.now(),
    // Another one may have become the first meanwhile.
    ...(input.promote === "first" ? { comparedWith: null } : {}),
  });
  return { version, promoted, previous: await numberOf(previous) };
}

/** Throws `invalid_input` for a name that could not stand in a project's file or an address. */
export function checkModelName(model: string): void {
  if (isName(model)) return;
  throw new MillwrightError(
    "invalid_input",
    `${JSON.stringify(model.slice(0, 100))} is no name for a model: use ${NAME_RULE}.`,
  );
}
