import { MillwrightError } from "../errors.ts";
import { SIGNATURE_KEY } from "./graph.ts";
import { readMetadata } from "./model-file.ts";
import type { Signature } from "./signature.ts";

/** What the model takes and gives; undefined when the file was not made here. */
export function readSignature(model: Uint8Array): Signature | undefined {
  const text = readMetadata(model).get(SIGNATURE_KEY);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as Signature;
  } catch (cause) {
    throw new MillwrightError("invalid_model", `the model's '${SIGNATURE_KEY}' is no JSON`, {
      cause,
    });
  }
}
