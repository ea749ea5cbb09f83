import { MillwrightError } from "../../errors.ts";
import { wordsOf } from "../../lib/words-of.ts";
import type { RedisPlace } from "./redis-url.ts";

/** The first word of what a server says. */
const WRONG_LOGIN = /^(WRONGPASS|NOAUTH|NOPERM)\b|^ERR (invalid password|AUTH|Client sent AUTH)/;
const AWAY = /^(LOADING|BUSY|CLUSTERDOWN|MASTERDOWN|TRYAGAIN|READONLY|NOREPLICAS|MISCONF)\b/;

export const refusesLogin = (error: unknown): boolean => WRONG_LOGIN.test(wordsOf(error));

/** What went wrong with a call, in words. @param again whether it may simply be made again. */
export function redisError(error: unknown, place: RedisPlace, again: boolean): unknown {
  if (error instanceof MillwrightError) return error;
  const said = wordsOf(error);
  const at = `Redis at ${place.host}:${place.port}`;
  const options = { cause: error };
  if (refusesLogin(error))
    return new MillwrightError(
      "invalid_config",
      `${at} refuses the login: ${said}. Check user and password in STATE_URL, and what the user may do (get, set, del, mget, eval, scan).`,
      options,
    );
  if (/^ERR (DB index|invalid DB|SELECT is not allowed)/.test(said))
    return new MillwrightError(
      "invalid_config",
      `${at} has no database ${place.database}: ${said}. Check the number at the end of STATE_URL.`,
      options,
    );
  if (/^(MOVED|ASK)\b/.test(said))
    return new MillwrightError(
      "invalid_config",
      `${at} is one of several nodes of a cluster: ${said}. Give the address of a proxy, or of a server that holds all keys.`,
      options,
    );
  if (/^OOM\b/.test(said))
    return new MillwrightError(
      "storage_full",
      `The memory of ${at} is full: ${said}. Raise its maxmemory, or choose an eviction policy such as volatile-lru.`,
      options,
    );
  if (AWAY.test(said) || !/^[A-Z]+ /.test(said))
    return new MillwrightError(
      "unavailable",
      `${at} cannot be used now: ${said}.${again ? "" : " Whether the call was carried out is not known."}`,
      options,
    );
  return new MillwrightError("internal", `${at}: ${said}`, options);
}
