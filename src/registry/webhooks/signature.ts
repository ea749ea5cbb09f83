import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { utf8Bytes } from "../../lib/utf8.ts";

/** `X-MLflow-Signature`: HMAC-SHA256 over delivery id, Unix time in seconds and body (Standard Webhooks). */
export function signatureOf(
  secret: string,
  { id, seconds, body }: { readonly id: string; readonly seconds: number; readonly body: string },
): string {
  return `v1,${base64(hmac(sha256, utf8Bytes(secret), utf8Bytes(`${id}.${seconds}.${body}`)))}`;
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** RFC 4648, 4. */
function base64(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 3) {
    const [a = 0, b = 0, c = 0] = bytes.subarray(i, i + 3);
    const bits = (a << 16) | (b << 8) | c;
    for (let k = 0; k < 4; k++)
      text += i + k > bytes.length ? "=" : ALPHABET[(bits >> (18 - 6 * k)) & 63];
  }
  return text;
}
