import { type KeyboardEvent, type PointerEvent, useState } from "react";

/**
 * Which of a chart's points is read, by pointer or by keys: undefined while none is. What stands beside it belongs to the svg, which
 * takes the focus for the keys.
 *
 * @param nearest the point at so many pixels from the svg's left edge
 */
export function useReading(points: number, nearest: (x: number) => number) {
  const [at, setAt] = useState<number>();
  const last = points - 1;
  const read = (i: number) => setAt(Math.min(last, Math.max(0, i)));
  const leave = () => setAt(undefined);
  const handlers = {
    tabIndex: 0,
    onPointerMove: ({ clientX, currentTarget }: PointerEvent) =>
      read(nearest(clientX - currentTarget.getBoundingClientRect().left)),
    onPointerLeave: leave,
    onBlur: leave,
    onKeyDown: (event: KeyboardEvent) => {
      const to = MOVES[event.key]?.(at ?? -1, last);
      if (to === undefined) return;
      event.preventDefault();
      read(to);
    },
  };
  const isThere = at !== undefined && at >= 0 && at <= last;
  return [isThere ? at : undefined, handlers] as const;
}

/** Where a key leads from place `i`. */
const MOVES: Readonly<Record<string, (i: number, last: number) => number>> = {
  ArrowRight: (i) => i + 1,
  ArrowLeft: (i) => i - 1,
  PageDown: (i, last) => i + Math.max(1, Math.round(last / 10)),
  PageUp: (i, last) => i - Math.max(1, Math.round(last / 10)),
  Home: () => 0,
  End: (_, last) => last,
};
