import type { AbstainRule } from "../evaluation/abstention.ts";
import type { Digest } from "../lib/digest.ts";
import type { Json } from "../lib/json.ts";
import type { Imported, ImportOptions } from "../onnx/import-onnx.ts";
import type { ModelVersion, Origin } from "../registry/model-version.ts";
import { register } from "../registry/register.ts";
import type { Platform } from "./platform.ts";

/** What is known of an imported model that was judged on a dataset of the project. */
export interface Judged {
  readonly dataset: Digest;
  readonly seed: number;
  readonly report: Digest;
  readonly reference: Digest;
  readonly background: Digest;
  readonly abstain: AbstainRule | null;
}

/** Of a model that a client registered: its number there, the URI it gave, its run. */
export interface Registered {
  readonly number: number;
  readonly source: string;
  readonly run?: string | undefined;
}

/** What the version's record takes from the import of its file. Plain JSON. */
export type ImportRecord = Pick<Imported, "signature" | "notes"> & {
  readonly about: Pick<Imported["about"], "producer" | "opsets">;
};

/** Keeps an imported model as a version. The same file with the same options is the same version. */
export async function registerImported(
  deps: Pick<Platform, "registry" | "clock" | "environment">,
  input: {
    readonly model: string;
    readonly file: string;
    /** Of the file as it came. */
    readonly sha256: Digest;
    /** As it is stored. */
    readonly onnx: Digest;
    readonly imported: ImportRecord;
    readonly options: ImportOptions;
    readonly registered?: Registered | undefined;
    readonly judged?: Judged | undefined;
    readonly runId?: string | undefined;
  },
): Promise<ModelVersion> {
  const { model, file, sha256, onnx, imported, registered, judged, runId } = input;
  const { external: _, shown: __, ...asked } = input.options;
  const { abstain, ...evidence } = judged ?? { abstain: null, seed: 0 };
  const origin: Origin = {
    ...{ file, sha256, notes: imported.notes },
    ...{ producer: imported.about.producer, opsets: imported.about.opsets },
    ...(registered ? { source: registered.source } : {}),
    ...(registered?.run ? { run: registered.run } : {}),
  };
  return register(
    deps,
    {
      ...{ model, onnx, signature: imported.signature, trainer: "imported", complexity: 0 },
      ...{ params: asked as unknown as Json, environment: deps.environment, origin, ...evidence },
      parent: undefined,
      ...(abstain ? { abstain } : {}),
      ...(runId === undefined ? {} : { runId }),
    },
    registered?.number,
  );
}
