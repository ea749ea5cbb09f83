import {
  type KeyboardEvent,
  type MouseEvent,
  type PointerEvent,
  type ReactNode,
  useMemo,
  useRef,
  useState,
} from "react";
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
 * Many things as small squares, row by row, one path a colour: ten thousand are a dozen elements. Pointer and arrow keys read one,
 * click and Enter open it; a touch only reads, because a finger is wider than a square.
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
  const paths = useMemo(() => pathsOf(cells, across, size), [cells, across, size]);
  const last = cells.length - 1;
  const cellAt = (event: MouseEvent<SVGSVGElement>): number | undefined => {
    const box = event.currentTarget.getBoundingClientRect();
    const column = Math.floor((event.clientX - box.left) / size);
    const row = Math.floor((event.clientY - box.top) / size);
    const i = row * across + column;
    return column >= 0 && column < across && i >= 0 && i <= last ? i : undefined;
  };
  const place = (event: PointerEvent<SVGSVGElement>) => setAt(cellAt(event));
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
    onPointerDown(event: PointerEvent<SVGSVGElement>) {
      touched.current = event.pointerType === "touch";
      if (touched.current) place(event);
    },
    onPointerLeave({ pointerType }: PointerEvent) {
      if (pointerType !== "touch") setAt(undefined);
    },
    onBlur() {
      if (!touched.current) setAt(undefined);
    },
    onClick(event: MouseEvent<SVGSVGElement>) {
      const clicked = cellAt(event);
      if (!touched.current && clicked !== undefined) open(clicked);
    },
  };
  return (
    <figure className="chart heat" ref={frame}>
      <div className="grid" style={{ height: down * size }}>
        <svg
          width={across * size}
          height={down * size}
          viewBox={`0 0 ${across * size} ${down * size}`}
          role="img"
          aria-label={summary}
          {...handlers}
        >
          {paths.map(({ name, d }) => (
            <path key={name} className={name} d={d} />
          ))}
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

function pathsOf(cells: readonly HeatCell[], across: number, size: number) {
  const paths = new Map<string, string[]>();
  const light = cells.some(({ dim }) => dim) ? " lit" : "";
  cells.forEach(({ tone, dim }, i) => {
    const name = `heat-${tone}${dim ? " dim" : light}`;
    // What fails is larger as well: never the colour alone.
    const wider = tone === "failing" ? 1 : 0;
    const side = size - 1 + 2 * wider;
    const [x, y] = [(i % across) * size - wider, Math.floor(i / across) * size - wider];
    const square = `M${x} ${y}h${side}v${side}h-${side}z`;
    const known = paths.get(name);
    if (known) known.push(square);
    else paths.set(name, [square]);
  });
  return [...paths].map(([name, squares]) => ({ name, d: squares.join("") }));
}

/** Where a key leads from cell `i`. */
const MOVES: Readonly<Record<string, (i: number, across: number, last: number) => number>> = {
  ArrowRight: (i) => i + 1,
  ArrowLeft: (i) => i - 1,
  ArrowDown: (i, across) => Math.max(0, i) + (i < 0 ? 0 : across),
  ArrowUp: (i, across) => (i - across < 0 ? i : i - across),
  Home: () => 0,
  End: (_, __, last) => last,
};
