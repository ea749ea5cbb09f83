import { timingSafeEqual } from "node:crypto";
import { MillwrightError } from "../errors.ts";
import { isLoopback } from "../lib/loopback.ts";

/** Of a request's headers, those that say who calls. */
export interface CallerHeaders {
  readonly host?: string | undefined;
  readonly origin?: string | undefined;
  readonly authorization?: string | undefined;
}

/**
 * Who may call. With a token: whoever carries it, as bearer or as the password of any user (clients of MLflow do either). Without (loopback only): whoever names this machine in `Host` and does not
 * come from another site's page, so that a page in the same person's browser cannot reach in (DNS rebinding, forged requests).
 * The result throws `unauthorized` or `forbidden`.
 *
 * @param host the interface listened on. Throws `invalid_config` when it would be open to everybody.
 */
export function entrance(
  host: string,
  token: string | undefined,
): (headers: CallerHeaders, open: boolean) => void {
  if (!isLoopback(host) && (token ?? "") === "")
    throw new MillwrightError(
      "invalid_config",
      `Refusing to listen on ${host} without a token: everybody who reaches it could use it. Set a token, or listen on 127.0.0.1.`,
    );
  if (token !== undefined) {
    const expected = Buffer.from(token);
    return ({ authorization = "" }, open) => {
      if (open) return;
      const given = Buffer.from(secretOf(authorization));
      if (given.length === expected.length && timingSafeEqual(given, expected)) return;
      throw new MillwrightError(
        "unauthorized",
        "This server needs a token: send the header `Authorization: Bearer <token>`.",
      );
    };
  }
  return ({ host: named = host, origin }) => {
    if (!isLoopback(hostName(named)))
      throw new MillwrightError(
        "forbidden",
        `Host ${named} is not this machine. Without a token only localhost and 127.0.0.1 are answered.`,
      );
    if (origin !== undefined && origin !== `http://${named}`)
      throw new MillwrightError("forbidden", `Requests from pages of ${origin} are not accepted.`);
  };
}

function secretOf(authorization: string): string {
  const [, scheme = "", value = ""] = /^(Bearer|Basic) (.+)$/i.exec(authorization) ?? [];
  if (scheme.toLowerCase() !== "basic") return value;
  const pair = Buffer.from(value, "base64").toString("utf8");
  return pair.slice(pair.indexOf(":") + 1);
}

const hostName = (host: string): string => host.replace(/:\d+$/, "").replace(/^\[|\]$/g, "");
