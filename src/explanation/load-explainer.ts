import { MillwrightError } from "../errors.ts";
import type { Digest } from "../lib/digest.ts";
import type { Json } from "../lib/json.ts";
import { readSignature } from "../onnx/read-signature.ts";
import { rowsToTable } from "../onnx/rows.ts";
import type { Runtime, Session } from "../runtime/runtime.ts";
import type { Loaded } from "../runtime/sessions.ts";
import type { Blobs } from "../storage/blobs/blobs.ts";
import { decodeUtf8 } from "../table/utf8.ts";
import type { Explainer } from "./explainer.ts";
import { openExplainer } from "./open-explainer.ts";

/** What a model version is explained by. */
export interface Explained {
  readonly onnx: Digest;
  readonly background?: Digest | undefined;
}

/** Opens the explainer of a version from its blobs. Throws `not_found` without them, `unsupported` as `openExplainer` does. */
export async function loadExplainer(
  deps: { readonly blobs: Pick<Blobs, "get">; readonly runtime: Runtime },
  { onnx, background }: Explained,
): Promise<Loaded<Explainer>> {
  const model = await deps.blobs.get(onnx);
  const signature = readSignature(model);
  if (signature === undefined)
    throw new MillwrightError(
      "invalid_model",
      `Model ${onnx} carries no signature (metadata "millwright.signature"), so its columns are not known.`,
    );
  const kept = background && (await deps.blobs.get(background));
  const { rows } = kept
    ? (JSON.parse(decodeUtf8(kept, 0, kept.length)) as { rows: Readonly<Record<string, Json>>[] })
    : { rows: [] };
  const about = await openExplainer(deps, {
    ...{ model, signature },
    background: rows.length > 0 ? rowsToTable(signature, rows).table : undefined,
  });
  return { about, session: about.tensors.session ?? NO_SESSION, bytes: about.bytes };
}

const NO_SESSION: Session = {
  inputs: [],
  outputs: [],
  run: async () => ({}),
  close: async () => undefined,
};
