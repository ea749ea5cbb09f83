import type { HttpRequest } from "../../http/http.ts";

/**
 * The URL under which a caller reached this server, for addresses it is to call next. Proxies say in `X-Forwarded-…` what they
 * changed; whoever forges them misleads only himself.
 */
export function ownUrl(headers: HttpRequest["headers"]): string {
  const first = (name: string): string | undefined => headers[name]?.split(",", 1)[0]?.trim();
  const scheme = first("x-forwarded-proto") === "https" ? "https" : "http";
  const host = [first("x-forwarded-host"), headers.host].find(
    (name) => name !== undefined && /^[\w.-]+(:\d+)?$|^\[[0-9a-fA-F:.]+\](:\d+)?$/.test(name),
  );
  const prefix = first("x-forwarded-prefix") ?? "";
  const below = /^(\/[\w.~-]+)+$/.test(prefix) ? prefix : "";
  return `${scheme}://${host ?? "127.0.0.1"}${below}`;
}

/** What the next call has to carry: clients send it to such addresses as it is told here, and nothing else of their own. */
export const ownHeaders = ({ authorization }: HttpRequest["headers"]): Record<string, string> =>
  authorization === undefined ? {} : { Authorization: authorization };

export const encodedPath = (path: string): string =>
  path.split("/").map(encodeURIComponent).join("/");
