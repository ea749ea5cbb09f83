/** A request as the fast lane takes it. */
export interface LaneHead {
  readonly path: string;
  /** Names in lower case. No name twice. */
  readonly headers: Readonly<Record<string, string>>;
  /** Where the body starts, counted from the first byte of the request. */
  readonly bodyAt: number;
  readonly bodyBytes: number;
}

/** `more`: bytes are missing. `elsewhere`: not a request of the plain kind, for the full HTTP parser to judge. */
export type LaneReading = LaneHead | "more" | "elsewhere";

/** A head is larger than this only by mistake or ill will. */
const MAX_HEAD = 8 * 1024;

const REQUEST_LINE = /^POST ((?:\/[\w.~-]+)+) HTTP\/1\.1$/;
/** A token, a colon, printable ASCII. A space before the colon, a folded line or a control character does not match. */
const HEADER = /^([\w!#$%&'*+.^`|~-]+):[ \t]*([\x20-\x7e]*)$/;

/**
 * Headers that change how a request is framed, delivered or read. Whoever sends one of them needs more than this lane knows.
 */
const BEYOND_US = new Set([
  "transfer-encoding",
  "content-encoding",
  "expect",
  "upgrade",
  "te",
  "trailer",
  "proxy-connection",
  "http2-settings",
]);

/**
 * Reads the head of a plain POST: HTTP/1.1, a path of plain characters without query, one `Content-Length`, no header twice.
 * Deliberately narrower than RFC 9112: what is read here is read by every proxy and server the same way, so that nothing can be
 * smuggled through a difference; all else goes to Node's own parser. Which requests are fast is decided here, what is allowed is not.
 */
export function readLaneHead(bytes: Buffer): LaneReading {
  if (bytes.length > 0 && bytes[0] !== 80) return "elsewhere"; // "P"
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0) return bytes.length > MAX_HEAD ? "elsewhere" : "more";
  if (end > MAX_HEAD) return "elsewhere";
  const [first, ...lines] = bytes.toString("latin1", 0, end).split("\r\n");
  const path = REQUEST_LINE.exec(first!)?.[1];
  if (path === undefined) return "elsewhere";
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const field = HEADER.exec(line);
    if (field === null) return "elsewhere";
    const name = field[1]!.toLowerCase();
    if (name in headers || BEYOND_US.has(name)) return "elsewhere";
    headers[name] = field[2]!.trimEnd();
  }
  const length = headers["content-length"];
  if (length === undefined || !/^\d{1,9}$/.test(length) || !headers.host) return "elsewhere";
  const connection = headers.connection;
  if (connection !== undefined && connection.toLowerCase() !== "keep-alive") return "elsewhere";
  return { path, headers, bodyAt: end + 4, bodyBytes: Number(length) };
}

/** JSON that could set a prototype is not for us: Fastify refuses it in words. A text with no such name cannot. */
const SUSPECT = /__proto__|constructor|\\u00[567]/;

export interface LaneBody {
  readonly body: unknown;
  /** What `body` was parsed from. */
  readonly text: string | undefined;
}

/** undefined when it is no JSON or needs a closer look. */
export function readPlainJson(bytes: Buffer): LaneBody | undefined {
  const text = bytes.toString("utf8");
  if (SUSPECT.test(text)) return undefined;
  try {
    const body: unknown = JSON.parse(text);
    // null is no body, which is not for this lane to say.
    return body === null ? undefined : { body, text };
  } catch {
    return undefined;
  }
}
