import type { RequestNote } from "../lib/request-note.ts";

/** Sees calls on their way through `batched`: how long they wait there, and with how many rows they are run. */
export interface BatchWatch<Key> {
  asked(key: Key, note: RequestNote | undefined): void;
  /** Runs rows of the calls asked for until now. */
  run<T>(key: Key, rows: number, work: () => Promise<T>): Promise<T>;
}

/** @param count is told of every run: its rows, and how long the oldest of its callers waited (undefined: a further slice of a large call). */
export function batchWatch<Key>(
  count: (rows: number, waitedMs: number | undefined) => void,
): BatchWatch<Key> {
  const oldest = new Map<Key, number>();
  const noted = new Map<Key, RequestNote[]>();
  return {
    asked(key, note) {
      if (!oldest.has(key)) oldest.set(key, performance.now());
      if (note === undefined) return;
      const notes = noted.get(key);
      if (notes === undefined) noted.set(key, [note]);
      else notes.push(note);
    },
    run(key, rows, work) {
      const since = oldest.get(key);
      oldest.delete(key);
      count(rows, since === undefined ? undefined : performance.now() - since);
      const notes = noted.get(key);
      if (notes === undefined) return work();
      noted.delete(key);
      for (const note of notes) note.done("queue");
      return work().finally(() => {
        for (const note of notes) note.done("run");
      });
    },
  };
}
