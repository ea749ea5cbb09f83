import type { RequestNote } from "../lib/request-note.ts";

/**
 * The port between what answers (`routes.ts` of each capability) and the server that listens. No host types here, so that
 * handlers stay testable with plain objects.
 */
export interface HttpRequest {
  /** From the caller's `x-request-id`, else made here; repeated in the answer and in the log. */
  readonly id: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string | undefined>>;
  /** Of a route with `stream`: what follows the `?`, as it was sent. */
  readonly search?: string | undefined;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /**
   * JSON bodies parsed, `text/*` as text, anything else refused; undefined when there is none. Of a route with `raw`: the bytes
   * (Uint8Array), whatever their content type. Of a route with `stream`: an AsyncIterable<Uint8Array>.
   */
  readonly body: unknown;
  /** JSON bodies, where it costs nothing to say: the text that `body` was parsed from. */
  readonly text?: string | undefined;
  /** When the request was read, milliseconds since 1970. */
  readonly at: number;
  /** Where handlers note what they do, when somebody will read it. */
  readonly note?: RequestNote | undefined;
}

export interface HttpAnswer {
  /** 200 when left out. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON, unless `type` says otherwise; then it is text, bytes or a stream of texts or bytes. */
  readonly body?: unknown;
  readonly type?: string;
}

export interface HttpRoute {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Parameters in braces: `/models/{name}/predict`. `{path*}` at the end takes the rest of the path, slashes included. */
  readonly path: string;
  /** `open` is answered without a token (health checks). */
  readonly access?: "open";
  /** The handler reads the body itself; `Content-Encoding` is undone before, and done to the answer when the caller accepts it. */
  readonly raw?: boolean;
  /**
   * The body comes as it arrives, of any size and for as long as it takes; so may the answer leave. Its `Content-Encoding` is the
   * handler's to look at.
   */
  readonly stream?: boolean;
  /** The answer may be long in coming: the caller is never told that it took too long. A stream is so anyway. */
  readonly patient?: boolean;
  /** A POST that most of the load goes to: answered in the fast lane (`lane.ts`) when the request is a plain one. Never a stream. */
  readonly hot?: boolean;
  /** For the description of the API. */
  readonly about?: () => RouteAbout;
  handle(request: HttpRequest): HttpAnswer | Promise<HttpAnswer>;
}

/** JSON Schema 2020-12. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** What a route takes and gives. Bodies by content type, parameters by name. */
export interface RouteAbout {
  readonly summary: string;
  /** Unique; made from method and path when left out. */
  readonly id?: string;
  /** Texts when left out. */
  readonly path?: Readonly<Record<string, JsonSchema>>;
  readonly query?: Readonly<Record<string, JsonSchema>>;
  /** Of the query. */
  readonly required?: readonly string[];
  readonly body?: Readonly<Record<string, JsonSchema>>;
  readonly answer?: Readonly<Record<string, JsonSchema>>;
}
