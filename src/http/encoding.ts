import { promisify } from "node:util";
import { deflate, gunzip, gzip, inflate, inflateRaw } from "node:zlib";
import { MillwrightError } from "../errors.ts";

const inflateZlib = promisify(inflate);
const inflateBare = promisify(inflateRaw);
const decoders = {
  gzip: promisify(gunzip),
  /** The coding is zlib's format (RFC 9110); some clients send the bare stream inside it. */
  deflate: (body: Uint8Array, options: { maxOutputLength: number }) =>
    isZlib(body) ? inflateZlib(body, options) : inflateBare(body, options),
} as const;
const encoders = { gzip: promisify(gzip), deflate: promisify(deflate) } as const;
type Coding = keyof typeof decoders;

/** Smaller answers are sent as they are: compressing takes longer than sending the bytes it saves. */
const MIN_BYTES = 1024;

/**
 * A body without its `Content-Encoding`.
 * @param limit bytes. Inflating stops there with `payload_too_large`, so that a small body cannot become a large one.
 */
export async function decoded(
  body: Uint8Array,
  encoding: string,
  limit: number,
): Promise<Uint8Array> {
  const coding = encoding.trim().toLowerCase().replace(/^x-/, "");
  if (coding === "identity") return body;
  if (!isCoding(coding))
    throw new MillwrightError(
      "unsupported",
      `Content-Encoding ${JSON.stringify(encoding.slice(0, 40))} is not read: send gzip, deflate or none.`,
    );
  try {
    return await decoders[coding](body, { maxOutputLength: limit });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE")
      throw new MillwrightError(
        "payload_too_large",
        `The body is larger than ${limit} bytes when decompressed. Send it in parts.`,
        { cause },
      );
    throw new MillwrightError("invalid_input", `The body is not valid ${coding} data.`, { cause });
  }
}

/** RFC 1950: the method 8, and a check sum in the two bytes of the head. */
const isZlib = ([first = 0, second = 0]: Uint8Array): boolean =>
  (first & 0x0f) === 8 && (first * 256 + second) % 31 === 0;

/** The body in a coding the caller reads, when that pays; undefined: send it as it is. */
export async function encoded(
  body: Uint8Array | string,
  accepted: string | undefined,
): Promise<{ readonly body: Uint8Array; readonly coding: Coding } | undefined> {
  if (accepted === undefined || body.length < MIN_BYTES) return undefined;
  const coding = preferred(accepted);
  return coding && { body: await encoders[coding](body, { level: 1 }), coding };
}

/** The first of gzip and deflate that `Accept-Encoding` does not rule out by `;q=0`. */
function preferred(accepted: string): Coding | undefined {
  return accepted
    .toLowerCase()
    .split(",")
    .map((entry) => entry.trim().split(/\s*;\s*q=/))
    .filter(([, quality]) => quality === undefined || Number(quality) > 0)
    .map(([name]) => name!)
    .find(isCoding);
}

const isCoding = (name: string): name is Coding => Object.hasOwn(decoders, name);
