import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { MillwrightError } from "../../errors.ts";
import { redisPlace } from "../redis/redis-url.ts";
import { checked } from "./checked.ts";
import { lmdbState } from "./lmdb.ts";
import { redisState } from "./redis.ts";
import type { State } from "./state.ts";

export interface StateHost {
  /** The project's folder, for relative paths. */
  readonly base: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** URL scheme → driver. */
const DRIVERS: Readonly<Record<string, (url: string, host: StateHost) => State>> = {
  file: (url, { base, now }) =>
    lmdbState(url.startsWith("file://") ? pathOf(url) : resolve(base, url.slice(5)), now),
  redis: (url) => redisState(redisPlace(url)),
  rediss: (url) => redisState(redisPlace(url)),
};

/**
 * `file:./state` (relative to `base`), `file:/var/state`, `redis://host:6379/0`, `rediss://…` (see `../redis/redis-url.ts`). Connects with
 * the first call: a server that is away fails calls, not this. Throws `invalid_config` naming what is wrong with the URL.
 */
export function openState(url: string, host: StateHost): State {
  const driver = DRIVERS[url.slice(0, Math.max(url.indexOf(":"), 0))];
  if (driver) return checked(driver(url, host));
  throw new MillwrightError(
    "invalid_config",
    `STATE_URL: '${withoutSecrets(url)}' has no known beginning; known are ${Object.keys(DRIVERS)
      .map((scheme) => `${scheme}:…`)
      .join(", ")} (for example file:./state or redis://127.0.0.1:6379).`,
  );
}

function pathOf(url: string): string {
  try {
    return fileURLToPath(url);
  } catch (cause) {
    throw new MillwrightError(
      "invalid_config",
      `STATE_URL: '${withoutSecrets(url)}' is not usable; file:// is followed by an absolute path, as in file:///var/state.`,
      { cause },
    );
  }
}

/** Somebody may have written a password into it. */
const withoutSecrets = (url: string): string =>
  url.replace(/\?.*$/s, "").replace(/\/\/.*@/s, "//…@");
