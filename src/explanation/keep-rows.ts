import { utf8ToBytes } from "@noble/hashes/utils.js";
import type { Digest } from "../lib/digest.ts";
import type { Signature } from "../onnx/signature.ts";
import type { Blobs } from "../storage/blobs/blobs.ts";
import type { Table } from "../table/table.ts";
import { backgroundRows } from "./background.ts";

/** Keeps the rows of a table as a model version's background. JSON: a gateway reads it without an engine for columns. */
export async function keepRows(
  deps: { readonly blobs: Pick<Blobs, "put"> },
  { signature, table }: { readonly signature: Signature; readonly table: Table },
): Promise<Digest> {
  return deps.blobs.put(utf8ToBytes(JSON.stringify({ rows: backgroundRows(signature, table) })));
}
