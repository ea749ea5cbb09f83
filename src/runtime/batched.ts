import { MillwrightError } from "../errors.ts";

export interface BatchedOptions {
  /** Rows of one call: more would block the event loop too long. 1,000 when left out (about 10 ms for 100 trees). */
  readonly maxRows?: number;
  /** Rows that may wait before callers get `overloaded`. 50,000 when left out. */
  readonly maxQueuedRows?: number;
}

export interface Batched<Key, Row, Result> {
  /** Results in the order of `rows`. */
  run(key: Key, rows: readonly Row[]): Promise<Result[]>;
  readonly queuedRows: number;
}

interface Call<Row, Result> {
  readonly rows: readonly Row[];
  /** Grows slice by slice. */
  readonly results: Result[];
  failed: boolean;
  readonly resolve: (results: Result[]) => void;
  readonly reject: (error: unknown) => void;
}

interface Slice<Row, Result> {
  readonly call: Call<Row, Result>;
  readonly rows: readonly Row[];
}

/**
 * Gathers the calls of one turn of the event loop into one call per key: no waiting is added, and a busy process pays the
 * fixed cost of a call (about 50 µs in ONNX Runtime for Node) once for many callers. Large calls are cut into slices, with
 * the event loop and the calls of others in between. When a shared call fails, each caller's rows are tried alone, so that
 * nobody fails for what another one sent.
 */
export function batched<Key, Row, Result>(
  runRows: (key: Key, rows: readonly Row[]) => Promise<readonly Result[]>,
  options: BatchedOptions = {},
): Batched<Key, Row, Result> {
  const maxRows = options.maxRows ?? 1000;
  const maxQueuedRows = options.maxQueuedRows ?? 50_000;
  /** Keys take turns in the order of this map. */
  const waiting = new Map<Key, Call<Row, Result>[]>();
  let queuedRows = 0;
  let pumping = false;

  async function runSlices(key: Key, slices: readonly Slice<Row, Result>[]): Promise<void> {
    try {
      const rows = slices.length === 1 ? slices[0]!.rows : slices.flatMap((slice) => slice.rows);
      const results = await runRows(key, rows);
      let at = 0;
      for (const slice of slices) {
        settle(slice.call, results.slice(at, at + slice.rows.length));
        at += slice.rows.length;
      }
    } catch (error) {
      if (slices.length > 1) for (const slice of slices) await runSlices(key, [slice]);
      else fail(slices[0]!.call, error);
    }
  }

  function settle(call: Call<Row, Result>, results: readonly Result[]): void {
    queuedRows -= results.length;
    for (const result of results) call.results.push(result);
    if (call.results.length === call.rows.length) call.resolve(call.results);
  }

  function fail(call: Call<Row, Result>, error: unknown): void {
    queuedRows -= call.rows.length - call.results.length;
    call.failed = true;
    call.reject(error);
  }

  async function pump(): Promise<void> {
    for (;;) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      const next = waiting.entries().next();
      if (next.done) break;
      const [key, calls] = next.value;
      waiting.delete(key);
      const { slices, rest } = takeSlices(calls, maxRows);
      if (rest.length > 0) waiting.set(key, rest);
      if (slices.length > 0) await runSlices(key, slices);
    }
    pumping = false;
  }

  return {
    get queuedRows() {
      return queuedRows;
    },
    run(key, rows) {
      if (rows.length === 0) return Promise.resolve([]);
      if (queuedRows > 0 && queuedRows + rows.length > maxQueuedRows)
        return Promise.reject(
          new MillwrightError(
            "overloaded",
            `${queuedRows} rows are waiting for a prediction already; try again in a moment.`,
          ),
        );
      return new Promise((resolve, reject) => {
        queuedRows += rows.length;
        const call = { rows, results: [], failed: false, resolve, reject };
        const calls = waiting.get(key);
        if (calls === undefined) waiting.set(key, [call]);
        else calls.push(call);
        if (pumping) return;
        pumping = true;
        void pump();
      });
    },
  };
}

/** As many rows as fit, in order. A call that is cut goes behind the others, so that small ones do not wait for it. */
function takeSlices<Row, Result>(
  calls: readonly Call<Row, Result>[],
  maxRows: number,
): { slices: Slice<Row, Result>[]; rest: Call<Row, Result>[] } {
  const slices: Slice<Row, Result>[] = [];
  const rest: Call<Row, Result>[] = [];
  const cut: Call<Row, Result>[] = [];
  let free = maxRows;
  for (const call of calls) {
    if (call.failed) continue;
    if (free === 0) {
      rest.push(call);
      continue;
    }
    const from = call.results.length;
    const rows = call.rows.slice(from, from + free);
    free -= rows.length;
    slices.push({ call, rows });
    if (from + rows.length < call.rows.length) cut.push(call);
  }
  return { slices, rest: [...rest, ...cut] };
}
