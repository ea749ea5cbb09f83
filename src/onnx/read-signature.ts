import { MillwrightError } from "../errors.ts";
import { SIGNATURE_KEY } from "./graph.ts";
import { ModelProto } from "./schema.ts";
import type { Signature } from "./signature.ts";

/** The metadata entries of an ONNX file. Throws `invalid_model` when the bytes are no protobuf. */
export function readMetadata(model: Uint8Array): ReadonlyMap<string, string> {
  try {
    const { metadataProps = [] } = ModelProto.toObject(ModelProto.decode(model)) as {
      metadataProps?: { key?: string; value?: string }[];
    };
    return new Map(metadataProps.map(({ key = "", value = "" }) => [key, value]));
  } catch (cause) {
    throw new MillwrightError("invalid_model", "the file is no ONNX model: it cannot be decoded", {
      cause,
    });
  }
}

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
