import { MillwrightError } from "../../errors.ts";

const PAGE = 65536;
const MAX_PAGES = 65536;
/** A memory up to this size is kept for the next fit of the thread: thousands of small fits then allocate nothing. */
const KEPT_BYTES = 64 * 2 ** 20;

/** Bump allocator over one WebAssembly memory, for one fit. Pointers are byte offsets, aligned to 64. */
export interface Arena {
  readonly memory: WebAssembly.Memory;
  /** Not cleared. Grows the memory where needed, up to 4 GiB; throws `invalid_data` beyond. */
  alloc(bytes: number): number;
  /** For what lives shortly: everything allocated after `mark()` is free again after `reset(mark)`. */
  mark(): number;
  reset(mark: number): void;
  /** Ends the fit. Views and pointers must not be used afterwards. */
  release(): void;
}

let idle: WebAssembly.Memory | undefined;

export function openArena(): Arena {
  const memory = idle ?? new WebAssembly.Memory({ initial: 16, maximum: MAX_PAGES, shared: true });
  idle = undefined;
  // The first page belongs to the kernels' own static data.
  let top = PAGE;
  return {
    memory,
    alloc(bytes) {
      const at = top;
      // 16 spare bytes: kernels that work on pairs may read one past the end.
      const next = Math.ceil((at + bytes + 16) / 64) * 64;
      const missing = Math.ceil((next - memory.buffer.byteLength) / PAGE);
      if (missing > 0) grow(memory, missing, next);
      top = next;
      return at;
    },
    mark: () => top,
    reset(mark) {
      top = mark;
    },
    release() {
      if (memory.buffer.byteLength <= KEPT_BYTES) idle = memory;
    },
  };
}

function grow(memory: WebAssembly.Memory, pages: number, need: number): void {
  const have = memory.buffer.byteLength / PAGE;
  // Grow by at least an eighth, so that many small allocations do not each call the host.
  const generous = Math.min(MAX_PAGES - have, Math.max(pages, Math.ceil(have / 8)));
  try {
    memory.grow(Math.max(pages, generous));
  } catch (cause) {
    throw new MillwrightError(
      "invalid_data",
      `this fit needs more than ${(need / 2 ** 30).toFixed(1)} GiB of memory and a fit can have at most 4 GiB: train on fewer rows or columns, or lower maxDepth`,
      { cause },
    );
  }
}
