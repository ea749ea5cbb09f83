import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { canonicalJson } from "./json.ts";

/** Content address: `sha256:` and 64 hex digits. */
export type Digest = `sha256:${string}`;

export function digestOf(bytes: Uint8Array | string): Digest {
  return `sha256:${bytesToHex(sha256(typeof bytes === "string" ? utf8ToBytes(bytes) : bytes))}`;
}

/** Digest of a value's canonical JSON: equal values, equal digests. */
export const digestOfJson = (value: unknown): Digest => digestOf(canonicalJson(value));
