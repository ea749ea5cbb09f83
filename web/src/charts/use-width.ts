import { type RefCallback, useCallback, useRef, useState } from "react";

/** The width of an element in CSS pixels, kept up to date. */
export function useWidth(): readonly [RefCallback<HTMLElement>, number] {
  const [width, setWidth] = useState(640);
  const observer = useRef<ResizeObserver>(null);
  const ref = useCallback((element: HTMLElement | null) => {
    observer.current?.disconnect();
    if (!element) return;
    // Before the first frame, so that nothing is drawn at a width that is only a guess.
    const { paddingLeft, paddingRight } = getComputedStyle(element);
    const inside =
      element.clientWidth - Number.parseFloat(paddingLeft) - Number.parseFloat(paddingRight);
    if (inside > 0) setWidth(Math.round(inside));
    observer.current = new ResizeObserver(([entry]) => {
      if (entry && entry.contentRect.width > 0) setWidth(Math.round(entry.contentRect.width));
    });
    observer.current.observe(element);
  }, []);
  return [ref, width];
}
