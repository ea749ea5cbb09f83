import { MillwrightError } from "../errors.ts";
import type { Digest } from "../lib/digest.ts";
import type { Json } from "../lib/json.ts";
import { readSignature } from "../onnx/read-signature.ts";
import { rowsToTable } from "../onnx/rows.ts";
import type { Runtime, Session } from "../runtime/runtime.ts";
import type { Loaded } from "../runtime/sessions.ts";
import type { Blobs } from "../storage/blobs/blobs.ts";
import type { Table } from "../table/table.ts";
import { decodeUtf8 } from "../table/utf8.ts";
import type { Explainer } from "./explainer.ts";
import { openExplainer } from "./open-explainer.ts";

/** What a model version is explained by. */
export interface Explained {
  readonly onnx: Digest;
  readonly background?: Digest | undefined;
}

type Row = Readonly<Record<string, Json>>;

/**
 * Opens the explainer of a version from its blobs. Throws `not_found` without them, `unsupported` as `openExplainer` does.
 *
 * @param against rows to compare with instead of those kept with the version.
 */
export async function loadExplainer(
  deps: { readonly blobs: Pick<Blobs, "get">; readonly runtime: Runtime },
  { onnx, background }: Explained,
  against?: Table,
): Promise<Loaded<Explainer>> {
  const model = await deps.blobs.get(onnx);
  const signature = readSignature(model);
  if (signature === undefined)
    throw new MillwrightError(
      "invalid_model",
      `Model ${onnx} carries no signature (metadata "millwright.signature"), so its columns are not known.`,
    );
  const kept =
    background && !against ? await deps.blobs.get(background).catch(unlessDeleted) : undefined;
  const { rows } = kept
    ? (JSON.parse(decodeUtf8(kept, 0, kept.length)) as { rows: Row[] })
    : { rows: [] };
  const about = await openExplainer(deps, {
    ...{ model, signature },
    background: against ?? (rows.length > 0 ? rowsToTable(signature, rows).table : undefined),
  });
  return { about, session: about.tensors.session ?? NO_SESSION, bytes: about.bytes };
}

/** Copies of training rows may have been deleted for privacy: then there are none. */
function unlessDeleted(error: unknown): undefined {
  if (error instanceof MillwrightError && error.code === "not_found") return undefined;
  throw error;
}

const NO_SESSION: Session = {
  inputs: [],
  outputs: [],
  run: async () => ({}),
  close: async () => undefined,
};
