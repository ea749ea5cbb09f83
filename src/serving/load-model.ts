import { MillwrightError } from "../errors.ts";
import { PARENT } from "../families/over-parent.ts";
import type { Digest } from "../lib/digest.ts";
import { exampleFeeds } from "../onnx/example-feeds.ts";
import { toFeeds } from "../onnx/feeds.ts";
import { readSignature } from "../onnx/read-signature.ts";
import { rowsToTable } from "../onnx/rows.ts";
import type { GraphBinding, Signature } from "../onnx/signature.ts";
import { runGraph } from "../runtime/run-graph.ts";
import type { Runtime, Session } from "../runtime/runtime.ts";
import type { Loaded } from "../runtime/sessions.ts";
import type { Blobs } from "../storage/blobs/blobs.ts";

/**
 * Opens a model file and runs one empty row through it, so that the first caller does not pay for the first run, and a model
 * that cannot answer never gets a route. Throws `not_found` without the file, `invalid_model` when it cannot be served.
 */
export async function loadModel(
  deps: { readonly blobs: Pick<Blobs, "get">; readonly runtime: Runtime },
  onnx: Digest,
): Promise<Loaded<Signature>> {
  const bytes = await deps.blobs.get(onnx);
  const signature = readSignature(bytes);
  if (signature === undefined)
    throw new MillwrightError(
      "invalid_model",
      `Model ${onnx} carries no signature (metadata "millwright.signature"), so its columns are not known. Import it: millwright import model.onnx --name <model>.`,
    );
  // Corrections of one parent are made of the same features: they differ in their coefficients only.
  const siblings = signature.columns.some(({ name }) => name === PARENT);
  const session = await deps.runtime.load(bytes, {
    siblings,
    again: () => deps.blobs.get(onnx),
  });
  try {
    if (signature.graph) await warmUp(session, signature.graph);
    else await session.run(toFeeds(signature, rowsToTable(signature, [{}]).table));
  } catch (cause) {
    await session.close();
    throw new MillwrightError(
      "invalid_model",
      `Model ${onnx} does not run on a row of missing values: ${cause instanceof Error ? cause.message : cause}`,
      { cause },
    );
  }
  return { session, about: signature, bytes: bytes.length };
}

/** An imported model ran when it was imported; values that it does not take must not keep it from being served. */
async function warmUp(session: Session, graph: GraphBinding): Promise<void> {
  const feeds = exampleFeeds(graph, { rows: [0], open: 1, boldness: "zero" });
  await runGraph(session, graph, feeds, 1).catch(() => undefined);
}
