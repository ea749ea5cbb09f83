/** Work that waits its turn behind everything else. */
export interface Background<Input> {
  /** false: too much waits already, and this is dropped. One that alone is too large is taken when nothing waits. */
  add(input: Input, rows: number): boolean;
  /** Waiting, or being worked on. */
  readonly rows: number;
  /** How long the oldest has been here, in milliseconds; undefined: nothing is. */
  lagMs(): number | undefined;
  /** Resolves when everything added until now is done. */
  drained(): Promise<void>;
}

/** One after the other, each in a turn of the event loop of its own. @param run must not throw. */
export function background<Input>(
  run: (input: Input) => Promise<void>,
  { maxRows }: { readonly maxRows: number },
): Background<Input> {
  let last: Promise<void> = Promise.resolve();
  let waiting = 0;
  const since: number[] = [];
  const one = async (input: Input, rows: number): Promise<void> => {
    await new Promise<void>((resolve) => setImmediate(resolve));
    await run(input);
    waiting -= rows;
    since.shift();
  };
  return {
    get rows() {
      return waiting;
    },
    lagMs: () => (since[0] === undefined ? undefined : performance.now() - since[0]),
    drained: () => last,
    add(input, rows) {
      if (waiting + rows > maxRows && waiting > 0) return false;
      waiting += rows;
      since.push(performance.now());
      last = last.then(() => one(input, rows));
      return true;
    },
  };
}
