import {
  type KeyboardEvent,
  type MouseEvent,
  type PointerEvent,
  type ReactNode,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import { useScheme } from "./use-scheme.ts";
import { useWidth } from "./use-width.ts";

export interface HeatCell {
  /** Colour: a class of the stylesheet, `heat-<tone>`. */
  readonly tone: string;
  /** Not among those that are asked for. */
  readonly dim: boolean;
}

const LEAST = 4;
const MOST = 20;
/** The map is as high as that at most, unless cells would become too small to be pointed at. */
const WANTED_HEIGHT = 330;

/**
 * Many things as small squares, row by row, on one canvas: ten thousand are drawn in a few milliseconds. Pointer and arrow keys read
 * one, click and Enter open it; a touch only reads, because a finger is wider than a square.
 */
export function HeatMap({
  cells,
  summary,
  told,
  open,
  legend,
}: {
  cells: readonly HeatCell[];
  summary: string;
  /** About the cell that is read. */
  told: (i: number) => ReactNode;
  open: (i: number) => void;
  legend: ReactNode;
}) {
  const [frame, width] = useWidth();
  const [at, setAt] = useState<number>();
  const touched = useRef(false);
  const { size, across, down } = gridOf(cells.length, width);
  const canvas = useRef<HTMLCanvasElement>(null);
  const probe = useRef<SVGPathElement>(null);
  const scheme = useScheme();
  // biome-ignore lint/correctness/useExhaustiveDependencies: another scheme has other colours
  useLayoutEffect(() => {
    if (canvas.current && probe.current)
      draw(canvas.current, { cells, across, down, size, paint: paintOf(probe.current) });
  }, [cells, across, down, size, scheme]);
  const last = cells.length - 1;
  const cellAt = (event: MouseEvent<HTMLCanvasElement>): number | undefined => {
    const box = event.currentTarget.getBoundingClientRect();
    const column = Math.floor((event.clientX - box.left) / size);
    const row = Math.floor((event.clientY - box.top) / size);
    const i = row * across + column;
    return column >= 0 && column < across && i >= 0 && i <= last ? i : undefined;
  };
  const place = (event: PointerEvent<HTMLCanvasElement>) => setAt(cellAt(event));
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter" && at !== undefined) return open(at);
    const to = MOVES[event.key]?.(at ?? -1, across, last);
    if (to === undefined) return;
    event.preventDefault();
    setAt(Math.min(last, Math.max(0, to)));
  };
  const shown = at !== undefined && at <= last ? at : undefined;
  const handlers = {
    ...{ tabIndex: 0, onPointerMove: place, onKeyDown },
    onPointerDown(event: PointerEvent<HTMLCanvasElement>) {
      touched.current = event.pointerType === "touch";
      if (touched.current) place(event);
    },
    onPointerLeave({ pointerType }: PointerEvent) {
      if (pointerType !== "touch") setAt(undefined);
    },
    onBlur() {
      if (!touched.current) setAt(undefined);
    },
    onClick(event: MouseEvent<HTMLCanvasElement>) {
      const clicked = cellAt(event);
      if (!touched.current && clicked !== undefined) open(clicked);
    },
  };
  return (
    <figure className="chart heat" ref={frame}>
      <div className="grid" style={{ height: down * size }}>
        <canvas
          ref={canvas}
          style={{ width: across * size, height: down * size }}
          role="img"
          aria-label={summary}
          {...handlers}
        />
        <svg className="probe" aria-hidden="true">
          <path ref={probe} />
        </svg>
        {shown !== undefined && (
          <span
            className="cell-cursor"
            style={{
              ...{ left: (shown % across) * size - 3, top: Math.floor(shown / across) * size - 3 },
              ...{ width: size + 5, height: size + 5 },
            }}
          />
        )}
      </div>
      <figcaption aria-live="polite">{shown === undefined ? legend : told(shown)}</figcaption>
    </figure>
  );
}

/** The largest squares with which all find a place. Sizes in CSS pixels, the gap of one pixel included. */
export function gridOf(
  cells: number,
  width: number,
): { readonly size: number; readonly across: number; readonly down: number } {
  for (let size = MOST; ; size--) {
    const across = Math.max(1, Math.floor(width / size));
    const down = Math.max(1, Math.ceil(cells / across));
    if (down * size <= WANTED_HEIGHT || size === LEAST) return { size, across, down };
  }
}

/** How squares of a class are painted. */
interface Paint {
  readonly fill: string;
  /** undefined: no outline. */
  readonly stroke: string | undefined;
  readonly opacity: number;
}

/** The stylesheet's word on a class, read off an element that nobody sees. */
const paintOf =
  (probe: SVGPathElement) =>
  (name: string): Paint => {
    probe.setAttribute("class", name);
    const { fill, stroke, opacity } = getComputedStyle(probe);
    return { fill, stroke: stroke === "none" ? undefined : stroke, opacity: Number(opacity) };
  };

function draw(
  canvas: HTMLCanvasElement,
  map: {
    readonly cells: readonly HeatCell[];
    readonly across: number;
    readonly down: number;
    readonly size: number;
    readonly paint: (name: string) => Paint;
  },
): void {
  const { cells, across, down, size, paint } = map;
  const ratio = window.devicePixelRatio;
  canvas.width = Math.round(across * size * ratio);
  canvas.height = Math.round(down * size * ratio);
  const context = canvas.getContext("2d")!;
  context.scale(ratio, ratio);
  context.lineWidth = 1;
  const groups = new Map<string, number[]>();
  const light = cells.some(({ dim }) => dim) ? " lit" : "";
  cells.forEach(({ tone, dim }, i) => {
    const name = `heat-${tone}${dim ? " dim" : light}`;
    const known = groups.get(name);
    if (known) known.push(i);
    else groups.set(name, [i]);
  });
  // What is asked for lies over the others, and what fails is larger as well: never the colour alone.
  const ordered = [...groups].sort(([a], [b]) => placeOf(a) - placeOf(b));
  for (const [name, places] of ordered) {
    const { fill, stroke, opacity } = paint(name);
    const wider = isFailing(name) ? 1 : 0;
    const side = size - 1 + 2 * wider;
    context.globalAlpha = opacity;
    context.fillStyle = fill;
    if (stroke !== undefined) context.strokeStyle = stroke;
    for (const i of places) {
      const [x, y] = [(i % across) * size - wider, Math.floor(i / across) * size - wider];
      context.fillRect(x, y, side, side);
      if (stroke !== undefined) context.strokeRect(x, y, side, side);
    }
  }
}

const placeOf = (name: string): number => (name.endsWith(" dim") ? 0 : 2) + Number(isFailing(name));
const isFailing = (name: string): boolean => name.startsWith("heat-failing");

/** Where a key leads from cell `i`. */
const MOVES: Readonly<Record<string, (i: number, across: number, last: number) => number>> = {
  ArrowRight: (i) => i + 1,
  ArrowLeft: (i) => i - 1,
  ArrowDown: (i, across) => Math.max(0, i) + (i < 0 ? 0 : across),
  ArrowUp: (i, across) => (i - across < 0 ? i : i - across),
  Home: () => 0,
  End: (_, __, last) => last,
};
