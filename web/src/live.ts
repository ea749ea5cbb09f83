import { RequestError } from "@millwright/sdk";
import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from "react";

export interface Live<T> {
  /** The last answer; kept while the server cannot be reached. */
  readonly data: T | undefined;
  readonly error: Error | undefined;
  /** Asks again now (after an action). */
  readonly refresh: () => void;
}

const EVERY_MS = 2000;
/** After a failure, where that is sooner. */
const RETRY_MS = 5000;

/**
 * Asks again every so often while the page is visible: two seconds, more where an answer is costly, `Infinity` where it never
 * changes: then until there is one. `key` changes = other data: the old one is dropped.
 */
export function useLive<T>(key: string, load: () => Promise<T>, everyMs = EVERY_MS): Live<T> {
  const [state, setState] = useState<{ key: string; text: string; data?: T; error?: Error }>({
    key,
    text: "",
  });
  const loader = useRef(load);
  loader.current = load;
  const [turn, setTurn] = useState(0);
  const refresh = useCallback(() => setTurn((t) => t + 1), []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new turn asks again
  useEffect(() => {
    let over = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async () => {
      let pause = everyMs;
      if (!document.hidden || everyMs === Number.POSITIVE_INFINITY) {
        try {
          const data = await loader.current();
          // What never changes is asked for once: there is nothing to compare it with.
          const text = everyMs === Number.POSITIVE_INFINITY ? "" : JSON.stringify(data);
          connection.ok();
          if (!over)
            setState((s) =>
              s.key === key && text !== "" && s.text === text && !s.error ? s : { key, text, data },
            );
        } catch (error) {
          pause = Math.min(everyMs, RETRY_MS);
          connection.failed(error as Error);
          if (!over)
            setState((s) => ({
              ...(s.key === key ? s : { key, text: "" }),
              error: error as Error,
            }));
        }
      }
      // Another one may have begun meanwhile: one timer goes on.
      clearTimeout(timer);
      if (!over && pause < Number.POSITIVE_INFINITY) timer = setTimeout(ask, pause);
    };
    void ask();
    const wake = () => {
      if (document.hidden || everyMs === Number.POSITIVE_INFINITY) return;
      clearTimeout(timer);
      void ask();
    };
    document.addEventListener("visibilitychange", wake);
    return () => {
      over = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", wake);
    };
  }, [key, turn, everyMs]);

  const current = state.key === key ? state : undefined;
  return { data: current?.data, error: current?.error, refresh };
}

/** The last answer for the same `of`, while the next one is on its way: what is shown does not blink. */
export function useLast<T>(of: string, data: T | undefined): T | undefined {
  const last = useRef<{ of: string; data: T }>(undefined);
  if (data !== undefined) last.current = { of, data };
  return last.current?.of === of ? last.current.data : undefined;
}

/** Whether the server answers at all; shown once for the whole page. */
export type Connection = "ok" | "unreachable" | "unauthorized";

let connectionState: Connection = "ok";
const watchers = new Set<() => void>();
const setConnection = (next: Connection) => {
  if (next === connectionState) return;
  connectionState = next;
  for (const watcher of watchers) watcher();
};
const connection = {
  ok: () => setConnection("ok"),
  failed: (error: Error) => {
    if (!(error instanceof RequestError)) setConnection("unreachable");
    else if (error.code === "unauthorized") setConnection("unauthorized");
    else setConnection("ok");
  },
};

export const useConnection = (): Connection =>
  useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => connectionState,
  );
