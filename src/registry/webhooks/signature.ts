import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { base64 } from "../../lib/base64.ts";
import { utf8Bytes } from "../../lib/utf8.ts";

/** `X-MLflow-Signature`: HMAC-SHA256 over delivery id, Unix time in seconds and body (Standard Webhooks). */
export function signatureOf(
  secret: string,
  { id, seconds, body }: { readonly id: string; readonly seconds: number; readonly body: string },
): string {
  return `v1,${base64(hmac(sha256, utf8Bytes(secret), utf8Bytes(`${id}.${seconds}.${body}`)))}`;
}
