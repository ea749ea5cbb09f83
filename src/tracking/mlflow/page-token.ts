import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import type { Json } from "../../lib/json.ts";
import { utf8Bytes, utf8Text } from "../../lib/utf8.ts";
import { invalidParameter } from "./errors.ts";

/** Where the next page begins (sort values and id of the last row), opaque to callers. */
export const pageToken = (position: Json): string =>
  bytesToHex(utf8Bytes(JSON.stringify(position)));

/** Throws INVALID_PARAMETER_VALUE for what `pageToken` did not make; the shape is for the caller to check. */
export function readPageToken(token: string): Json {
  try {
    return JSON.parse(utf8Text(hexToBytes(token))) as Json;
  } catch {
    throw invalidParameter("Invalid page token, could not base64-decode");
  }
}
