import { isIP } from "node:net";
import type { OutsideUrl } from "./outside.ts";
import { isPublicAddress } from "./public-address.ts";

/** What a URL alone says of where it leads; undefined: it is none. */
export function outsideUrl(text: string): OutsideUrl | undefined {
  if (!URL.canParse(text)) return undefined;
  const { protocol, hostname, username, password } = new URL(text);
  const host = hostname.replace(/^\[|\]$/g, "");
  return {
    ...{ scheme: protocol.slice(0, -1), host },
    hasCredentials: username !== "" || password !== "",
    isInner:
      isIP(host) === 0 ? /(^|\.)(localhost|localdomain)\.?$/i.test(host) : !isPublicAddress(host),
  };
}
