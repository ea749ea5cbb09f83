import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";
import { existsSync, linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { MillwrightError } from "../errors.ts";
import type { Seal } from "../lib/seal.ts";

const NONCE = 12;
const TAG = 16;
/** As of MILLWRIGHT_SECRET_KEY. */
const LEAST_CHARACTERS = 32;

/** AES-256-GCM: nonce, ciphertext, tag. `phrase` of any length is hashed to a key: it must be random, not a word. */
export function sealWith(phrase: string): Seal {
  const key = createHash("sha256").update("millwright seal\0").update(phrase).digest();
  return {
    seal(text) {
      const nonce = randomBytes(NONCE);
      const cipher = createCipheriv("aes-256-gcm", key, nonce);
      return Buffer.concat([
        nonce,
        cipher.update(text, "utf8"),
        cipher.final(),
        cipher.getAuthTag(),
      ]);
    },
    open(sealed) {
      const bytes = Buffer.from(sealed);
      try {
        const cipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, NONCE));
        cipher.setAuthTag(bytes.subarray(-TAG));
        return Buffer.concat([
          cipher.update(bytes.subarray(NONCE, -TAG)),
          cipher.final(),
        ]).toString();
      } catch {
        throw new MillwrightError(
          "invalid_config",
          "A secret cannot be read: it was sealed with another key. Bring back the key file or MILLWRIGHT_SECRET_KEY, or give the secret again.",
        );
      }
    },
  };
}

/** The key in `file`, made when it is not there: whole or not at all, whoever else makes it. Readable by its owner only. */
export function keyIn(file: string): string {
  if (!existsSync(file)) {
    mkdirSync(dirname(file), { recursive: true });
    const draft = `${file}.${randomBytes(6).toString("hex")}`;
    const key = `${randomBytes(32).toString("base64url")}\n`;
    writeFileSync(draft, key, { mode: 0o600, flush: true });
    try {
      linkSync(draft, file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    } finally {
      unlinkSync(draft);
    }
  }
  const key = readFileSync(file, "utf8").trim();
  if (key.length >= LEAST_CHARACTERS) return key;
  throw new MillwrightError(
    "invalid_config",
    `The key file ${file} is damaged: it has ${key.length} characters. Bring it back from a backup; or remove it, and give all secrets again.`,
  );
}
