import { readFileSync } from "node:fs";
import { MillwrightError } from "../../errors.ts";
import { wordsOf } from "../../lib/words-of.ts";

export interface RedisPlace {
  readonly host: string;
  readonly port: number;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database: number;
  /** In front of every key. */
  readonly prefix: string;
  /** A call that has no answer by then fails. */
  readonly timeoutMs: number;
  readonly tls: boolean;
  /** Certificates (PEM) to trust instead of the system's. */
  readonly ca: string | undefined;
}

const FORM =
  "redis://<user>:<password>@<host>:<port>/<db>?prefix=<text>&timeout=<ms>&ca=<file>, rediss:// for TLS, all but the host optional";
const KNOWN = ["prefix", "timeout", "ca"];

/** Where a Redis or Valkey server is. Throws `invalid_config` naming what is wrong, never showing a password. */
export function redisPlace(url: string): RedisPlace {
  const wrong = (what: string) =>
    new MillwrightError("invalid_config", `STATE_URL: ${what}. Expected ${FORM}.`);
  let parsed: URL;
  let path: string;
  let login: readonly string[];
  try {
    parsed = new URL(url);
    path = decodeURIComponent(parsed.pathname).replace(/^\//, "");
    login = [decodeURIComponent(parsed.username), decodeURIComponent(parsed.password)];
  } catch {
    throw wrong(
      "it is no URL (in names and passwords, characters such as / @ : # % are written as %2F …)",
    );
  }
  const { hostname, port, searchParams } = parsed;
  if (hostname === "") throw wrong("it names no host");
  if (!/^\d{0,4}$/.test(path)) throw wrong(`'${path}' is no number of a database`);
  for (const name of searchParams.keys())
    if (!KNOWN.includes(name)) throw wrong(`'${name}' is not known (${KNOWN.join(", ")} are)`);
  const prefix = searchParams.get("prefix") ?? "millwright:";
  if (!/^[\x21-\x7e]{0,100}$/.test(prefix))
    throw wrong(`prefix '${prefix}' is not up to 100 visible ASCII characters`);
  const timeoutMs = Number(searchParams.get("timeout") ?? 1000);
  if (!(Number.isInteger(timeoutMs) && timeoutMs >= 1 && timeoutMs <= 60_000))
    throw wrong(
      `timeout '${searchParams.get("timeout")}' is no whole milliseconds from 1 to 60000`,
    );
  const tls = parsed.protocol === "rediss:";
  const ca = searchParams.get("ca") ?? undefined;
  if (ca !== undefined && !tls) throw wrong("ca is for rediss:// only");
  return {
    host: hostname.replace(/^\[|\]$/g, ""),
    port: port === "" ? 6379 : Number(port),
    username: login[0] || undefined,
    password: login[1] || undefined,
    database: Number(path),
    ...{ prefix, timeoutMs, tls, ca: ca === undefined ? undefined : certificates(ca, wrong) },
  };
}

function certificates(file: string, wrong: (what: string) => MillwrightError): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw wrong(`ca '${file}' cannot be read: ${wordsOf(error)}`);
  }
}
