import { useSyncExternalStore } from "react";
import { age, moment } from "./format.ts";

const TICK_MS = 5000;
const now = () => Math.floor(Date.now() / TICK_MS) * TICK_MS;
const tick = (changed: () => void) => {
  const timer = setInterval(changed, TICK_MS);
  return () => clearInterval(timer);
};

export const useNow = (): number => useSyncExternalStore(tick, now);

/** "4 min ago", with the moment itself on hover. */
export function Age({ at }: { at: number }) {
  return (
    <time dateTime={new Date(at).toISOString()} title={moment(at)}>
      {age(at, Math.max(useNow(), at))}
    </time>
  );
}
