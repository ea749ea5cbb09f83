import { MillwrightError } from "../errors.ts";
import { type Overload, overload } from "./overload.ts";
import { type RunCost, runCost } from "./run-cost.ts";

export interface BatchedOptions<Key> {
  /** What an answer may take, 99 times of 100: a run gets a quarter of it. 20 ms when left out. */
  readonly targetMs?: number;
  /** Rows of one run. 1,000 when left out. */
  readonly maxRows?: number;
  /** Rows that may wait before callers get `overloaded`. 50,000 when left out. */
  readonly maxQueuedRows?: number;
  /** Calls for one key that may wait before its callers get `overloaded`. 1,000 when left out. */
  readonly maxCallsOfKey?: number;
  /** A call that has not begun after so long is dropped with `timeout`. 30 s when left out. */
  readonly timeoutMs?: number;
  /** When calls have waited longer than this for half a second, newcomers get `unavailable`. 250 ms when left out. */
  readonly maxWaitMs?: number;
  /** Runs of a key that may go on at once, beside this thread's own; 0 = they run in this thread. */
  lanes?(key: Key): number;
  readonly now?: () => number;
}

export interface Batched<Key, Row, Result> {
  /** Results in the order of `rows`. */
  run(key: Key, rows: readonly Row[]): Promise<Result[]>;
  readonly queuedRows: number;
  /** Runs so far, and their rows: rows / runs is the size of a batch. */
  readonly runs: number;
  readonly ranRows: number;
}

interface Call<Row, Result> {
  readonly rows: readonly Row[];
  readonly since: number;
  /** Grows slice by slice. */
  results: Result[];
  failed: boolean;
  readonly resolve: (results: Result[]) => void;
  readonly reject: (error: unknown) => void;
}

interface Slice<Row, Result> {
  readonly call: Call<Row, Result>;
  readonly rows: readonly Row[];
}

/** Calls of one key, oldest first, and what is known of the key's runs. */
interface Line<Row, Result> {
  calls: Call<Row, Result>[];
  readonly cost: RunCost;
  /** Runs going on outside this thread. */
  running: number;
  turns: number;
}

/** Every so many turns callers share a run although it did not pay when last measured: it may pay by now. */
const TRY_AGAIN = 64;
/** Beyond, what was learned of another key is forgotten. */
const MAX_LINES = 4096;

/**
 * Gathers the calls of one turn of the event loop into one run per key. No waiting is added, and a busy process pays the fixed
 * cost of a run once for many callers; for models of which it is the smaller part, callers are served one by one. Keys take
 * turns, a quarter of the target each, so that a noisy one cannot starve the others. Large calls are cut into slices with the
 * event loop and the calls of others in between. When a shared run fails, each caller's rows are tried alone, so that nobody
 * fails for what another one sent.
 */
export function batched<Key, Row, Result>(
  runRows: (key: Key, rows: readonly Row[]) => Promise<readonly Result[]>,
  options: BatchedOptions<Key> = {},
): Batched<Key, Row, Result> {
  const now = options.now ?? (() => performance.now());
  const limits = {
    turnMs: (options.targetMs ?? 20) / 4,
    maxRows: options.maxRows ?? 1000,
    maxQueuedRows: options.maxQueuedRows ?? 50_000,
    maxCalls: options.maxCallsOfKey ?? 1000,
    timeoutMs: options.timeoutMs ?? 30_000,
  };
  const door: Overload = overload({ targetMs: options.maxWaitMs ?? 250, forMs: 500 });
  /** What has been learned, oldest key first. */
  const lines = new Map<Key, Line<Row, Result>>();
  /** Those with calls. Keys take turns in the order of this map. */
  const waiting = new Map<Key, Line<Row, Result>>();
  let queuedRows = 0;
  let runs = 0;
  let ranRows = 0;
  let pumping = false;

  async function runSlices(
    key: Key,
    line: Line<Row, Result>,
    slices: readonly Slice<Row, Result>[],
  ): Promise<void> {
    try {
      const rows = slices.length === 1 ? slices[0]!.rows : slices.flatMap((slice) => slice.rows);
      runs++;
      ranRows += rows.length;
      // ONNX Runtime for Node begins in the next turn of the event loop; what other requests do until then is not the run's.
      let started = now();
      setImmediate(() => {
        started = now();
      });
      const results = await runRows(key, rows);
      line.cost.learn(rows.length, now() - started);
      let at = 0;
      for (const slice of slices) {
        const alone = slices.length === 1;
        settle(slice, alone ? results : results.slice(at, at + slice.rows.length));
        at += slice.rows.length;
      }
    } catch (error) {
      if (slices.length > 1) for (const slice of slices) await runSlices(key, line, [slice]);
      else fail(slices[0]!.call, error);
    }
  }

  function settle({ call, rows }: Slice<Row, Result>, results: readonly Result[]): void {
    queuedRows -= rows.length;
    if (rows.length === call.rows.length) call.results = results as Result[];
    else for (const result of results) call.results.push(result);
    if (call.results.length === call.rows.length) call.resolve(call.results);
  }

  function fail(call: Call<Row, Result>, error: unknown): void {
    queuedRows -= call.rows.length - call.results.length;
    call.failed = true;
    call.reject(error);
  }

  /** The next key with a free lane. */
  function nextKey(): Key | undefined {
    for (const [key, line] of waiting)
      if (line.running === 0 || line.running < lanesOf(key)) return key;
    return undefined;
  }

  const lanesOf = (key: Key): number => options.lanes?.(key) ?? 0;

  function slicesFor(line: Line<Row, Result>): Slice<Row, Result>[] {
    const time = now();
    const late = line.calls.filter((call) => time - call.since > limits.timeoutMs && !call.failed);
    for (const call of late)
      fail(call, new MillwrightError("timeout", `Not begun within ${limits.timeoutMs} ms.`));
    const most = Math.min(limits.maxRows, line.cost.rowsWithin(limits.turnMs));
    const shared = line.cost.sharingPays || line.turns++ % TRY_AGAIN === TRY_AGAIN - 1;
    const { slices, rest } = takeSlices(line.calls, most, shared ? most : 1);
    line.calls = rest;
    for (const { call } of slices)
      if (call.results.length === 0) door.begun(time - call.since, time);
    return slices;
  }

  async function pump(): Promise<void> {
    for (;;) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      const key = nextKey();
      if (key === undefined) break;
      const line = waiting.get(key)!;
      waiting.delete(key);
      const slices = slicesFor(line);
      if (line.calls.length > 0) waiting.set(key, line);
      if (slices.length === 0) continue;
      if (lanesOf(key) === 0) await runSlices(key, line, slices);
      else {
        line.running++;
        void runSlices(key, line, slices).finally(() => {
          line.running--;
          kick();
        });
      }
    }
    pumping = false;
    if (queuedRows === 0) door.idle();
  }

  function kick(): void {
    if (pumping) return;
    pumping = true;
    void pump();
  }

  function lineOf(key: Key): Line<Row, Result> {
    const known = lines.get(key);
    if (known !== undefined) return known;
    if (lines.size >= MAX_LINES)
      for (const [other, line] of lines)
        if (line.calls.length === 0 && line.running === 0) {
          lines.delete(other);
          break;
        }
    const line: Line<Row, Result> = { calls: [], cost: runCost(), running: 0, turns: 0 };
    lines.set(key, line);
    return line;
  }

  function refusal(line: Line<Row, Result>, rows: number): MillwrightError | undefined {
    if (queuedRows === 0) return undefined;
    if (queuedRows + rows > limits.maxQueuedRows)
      return new MillwrightError(
        "overloaded",
        `${queuedRows} rows are waiting for a prediction already; try again in a moment.`,
      );
    if (line.calls.length >= limits.maxCalls)
      return new MillwrightError(
        "overloaded",
        `${line.calls.length} requests for this model are waiting already; try again in a moment.`,
      );
    const waited = door.shedding(now());
    if (waited === undefined) return undefined;
    return new MillwrightError(
      "unavailable",
      `More requests come than can be answered: they wait ${Math.round(waited)} ms. Try again in a second.`,
    );
  }

  return {
    get queuedRows() {
      return queuedRows;
    },
    get runs() {
      return runs;
    },
    get ranRows() {
      return ranRows;
    },
    run(key, rows) {
      if (rows.length === 0) return Promise.resolve([]);
      const line = lineOf(key);
      const refused = refusal(line, rows.length);
      if (refused !== undefined) return Promise.reject(refused);
      return new Promise((resolve, reject) => {
        queuedRows += rows.length;
        line.calls.push({ rows, since: now(), results: [], failed: false, resolve, reject });
        if (line.calls.length === 1) waiting.set(key, line);
        kick();
      });
    },
  };
}

/** At most so many rows of so many calls, in order. A call that is cut goes behind the others, so that small ones do not wait for it. */
function takeSlices<Row, Result>(
  calls: readonly Call<Row, Result>[],
  maxRows: number,
  maxCalls: number,
): { slices: Slice<Row, Result>[]; rest: Call<Row, Result>[] } {
  const slices: Slice<Row, Result>[] = [];
  const rest: Call<Row, Result>[] = [];
  const cut: Call<Row, Result>[] = [];
  let free = maxRows;
  for (const call of calls) {
    if (call.failed) continue;
    if (free === 0 || slices.length === maxCalls) {
      rest.push(call);
      continue;
    }
    const from = call.results.length;
    const whole = from === 0 && call.rows.length <= free;
    const rows = whole ? call.rows : call.rows.slice(from, from + free);
    free -= rows.length;
    slices.push({ call, rows });
    if (from + rows.length < call.rows.length) cut.push(call);
  }
  return { slices, rest: cut.length === 0 ? rest : [...rest, ...cut] };
}
