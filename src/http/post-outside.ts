import { lookup as systemLookup } from "node:dns";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import type { OutsideAnswer, OutsideRequest, RefusedTarget } from "./outside.ts";
import { isPublicAddress } from "./public-address.ts";

/** Addresses of a name; Node's own when left out. */
export type Lookup = (
  host: string,
) => Promise<readonly { readonly address: string; readonly family: number }[]>;

const MAX_BODY = 16_384;

/**
 * POSTs to an address that somebody else chose. Only https, and only to public addresses, unless `anywhere`: the name is resolved
 * once, every address it has is looked at, and the connection goes to one of those that were. Redirects are answers like others.
 * Rejects when nothing answered in time.
 */
export async function postOutside(
  input: OutsideRequest,
  lookup: Lookup = addressesOf,
): Promise<OutsideAnswer | RefusedTarget> {
  const url = new URL(input.url);
  if (url.protocol !== "https:" && !(input.anywhere && url.protocol === "http:"))
    return { refused: `${url.protocol.slice(0, -1)} is not allowed, only https.` };
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const known = isIP(host) === 0 ? await lookup(host) : [{ address: host, family: isIP(host) }];
  const inner = input.anywhere ? undefined : known.find((one) => !isPublicAddress(one.address));
  if (inner !== undefined)
    return { refused: `${host} is ${inner.address}, which is not a public address.` };
  const pinned: LookupFunction = (_, options, done) => {
    const [first] = known;
    if (options.all) done(null, [...known]);
    else done(null, first?.address ?? "", first?.family);
  };
  const send = url.protocol === "https:" ? httpsRequest : httpRequest;
  const bytes = Buffer.from(input.body, "utf8");
  return new Promise<OutsideAnswer>((resolve, reject) => {
    const request = send(url, {
      ...{ method: "POST", agent: false, lookup: pinned },
      headers: { ...input.headers, "content-length": bytes.length },
      signal: AbortSignal.timeout(input.timeoutMs),
    });
    request.on("response", (answer) => readAnswer(answer).then(resolve, reject));
    request.on("error", (error) =>
      reject(
        error.name === "AbortError" || error.name === "TimeoutError"
          ? new Error(`No answer within ${input.timeoutMs / 1000} s.`)
          : error,
      ),
    );
    request.end(bytes);
  });
}

async function readAnswer(answer: IncomingMessage): Promise<OutsideAnswer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= MAX_BODY) break;
  }
  answer.destroy();
  return {
    status: answer.statusCode ?? 0,
    body: Buffer.concat(chunks).subarray(0, MAX_BODY).toString("utf8"),
    retryAfter: answer.headers["retry-after"],
  };
}

const addressesOf: Lookup = (host) =>
  new Promise((resolve, reject) => {
    systemLookup(host, { all: true }, (error, addresses) =>
      error ? reject(new Error(`${host} has no address: ${error.code}.`)) : resolve(addresses),
    );
  });
