import type { Log } from "../lib/log.ts";
import type { AnsweredRequest } from "./observer.ts";

/** Lines about failed requests in one second; beyond, they are counted. */
const MOST_ERRORS = 100;

/**
 * One line a request: method, pattern of the route, model, version, variant, rows, status, milliseconds, ids. Never values, keys,
 * query strings, or a path as the caller wrote it: nothing here says whom a row is about. Failed requests (from 400 on) always get
 * a line, at most a hundred a second; the next line says how many did not.
 */
export function accessLog(log: Log): (answered: AnsweredRequest) => void {
  let second = 0;
  let lines = 0;
  let left = 0;
  return (answered) => {
    const { status, note } = answered;
    const failed = status >= 400;
    if (!failed && note?.logged !== true) return;
    if (failed) {
      const now = Math.floor(performance.now() / 1000);
      if (now !== second) {
        second = now;
        lines = 0;
      }
      if (++lines > MOST_ERRORS) {
        left++;
        return;
      }
    }
    const { method, route, model, id, durationMs } = answered;
    const fields = {
      ...{ method, route, ...(model === undefined ? {} : { model }), ...note?.facts },
      ...{ status, ms: Math.round(durationMs * 1000) / 1000, request: id },
      ...(note?.trace === undefined ? {} : { trace: note.trace.id }),
      ...(left > 0 ? { notShown: left } : {}),
    };
    left = 0;
    if (status >= 500) log.error("request", fields);
    else if (failed) log.warn("request", fields);
    else log.info("request", fields);
  };
}
