import { STATUS_CODES } from "node:http";
import type { HttpAnswer } from "./http.ts";

/** An answer as it goes over the wire; a text body belongs behind the head in one write. */
export interface WireAnswer {
  readonly head: string;
  readonly body: string | Uint8Array;
}

/**
 * Head and body of an answer in HTTP/1.1, with the headers that Node's server would send.
 * @param keepAliveMs undefined: the connection is closed after this answer.
 */
export function wireAnswer(
  answer: HttpAnswer,
  requestId: string,
  keepAliveMs: number | undefined,
): WireAnswer {
  const status = answer.status ?? 200;
  const { type = "application/json; charset=utf-8" } = answer;
  const body = bodyOf(answer);
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\nx-request-id: ${requestId}\r\n`;
  if (answer.headers !== undefined)
    for (const [name, value] of Object.entries(answer.headers)) head += field(name, value);
  const length = typeof body === "string" ? Buffer.byteLength(body) : body.length;
  const stay =
    keepAliveMs === undefined
      ? "Connection: close"
      : `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(keepAliveMs / 1000)}`;
  head += `content-type: ${type}\r\ncontent-length: ${length}\r\nDate: ${date()}\r\n${stay}\r\n\r\n`;
  return { head, body };
}

function bodyOf({ body, type }: HttpAnswer): string | Uint8Array {
  if (type === undefined) return body === undefined ? "{}" : JSON.stringify(body);
  if (typeof body === "string" || body instanceof Uint8Array) return body;
  throw new Error("A hot route answers JSON, text or bytes, not a stream.");
}

function field(name: string, value: string): string {
  if (/[^\t\x20-\x7e]/.test(value))
    throw new Error(`Header ${name} has characters it cannot have.`);
  return `${name}: ${value}\r\n`;
}

let second = 0;
let text = "";

/** The time in the words of HTTP, made once a second. */
function date(): string {
  const now = Math.floor(Date.now() / 1000);
  if (now !== second) {
    second = now;
    text = new Date(now * 1000).toUTCString();
  }
  return text;
}
