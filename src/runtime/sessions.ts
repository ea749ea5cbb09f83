import { MillwrightError } from "../errors.ts";
import type { Digest } from "../lib/digest.ts";
import type { Session } from "./runtime.ts";

/** A session with what is known about its model. */
export interface Loaded<About> {
  readonly session: Session;
  readonly about: About;
  /** What it costs in memory (`sessionMemory`). */
  readonly bytes: number;
}

export interface SessionsOptions {
  /** Memory of the models kept loaded, together; at least one always is. 1 GiB when left out. */
  readonly maxBytes?: number;
  /** 10,000 when left out. */
  readonly maxModels?: number;
}

/** Loaded models by digest, least recently used ones closed first; a session in use is closed when its last user is done. */
export interface Sessions<About> {
  use<T>(model: Digest, body: (loaded: Loaded<About>) => Promise<T>): Promise<T>;
  isLoaded(model: Digest): boolean;
  /** What is known about a loaded model; undefined while it is not loaded. Counts as no use. */
  aboutOf(model: Digest): About | undefined;
  /** Takes it out of memory when its last user is done; the next use loads it again. */
  drop(model: Digest): void;
  /** Runs of it that may go on at once beside this thread; 0 = they block it, or it is not loaded. */
  lanesOf(model: Digest): number;
  readonly loaded: number;
  readonly loadedBytes: number;
  /** Loaded ones, the one used last first. */
  recent(most: number): readonly Digest[];
  /** Share of the limits in use, 0 to 1. */
  readonly filled: number;
  close(): Promise<void>;
}

interface Entry<About> {
  readonly loading: Promise<Loaded<About>>;
  loaded: Loaded<About> | undefined;
  users: number;
  evicted: boolean;
}

/** @param load reads, checks and opens one model; called once at a time per digest. A failure is not remembered. */
export function sessions<About>(
  load: (model: Digest) => Promise<Loaded<About>>,
  options: SessionsOptions = {},
): Sessions<About> {
  const maxBytes = options.maxBytes ?? 1024 * 1024 * 1024;
  const maxModels = options.maxModels ?? 10_000;
  /** In order of last use. */
  const entries = new Map<Digest, Entry<About>>();
  let bytes = 0;
  let closed = false;

  function enter(model: Digest): Entry<About> {
    const known = entries.get(model);
    if (known !== undefined) {
      entries.delete(model);
      entries.set(model, known);
      return known;
    }
    const loading = load(model);
    const entry: Entry<About> = { loading, loaded: undefined, users: 0, evicted: false };
    entries.set(model, entry);
    loading.then(
      (loaded) => {
        entry.loaded = loaded;
        bytes += loaded.bytes;
        shrink(model);
      },
      () => {
        if (entries.get(model) === entry) entries.delete(model);
      },
    );
    return entry;
  }

  function shrink(keep: Digest | undefined): void {
    for (const [model, entry] of entries) {
      if (bytes <= maxBytes && entries.size <= maxModels) return;
      if (model !== keep && entry.loaded !== undefined) evict(model, entry);
    }
  }

  function evict(model: Digest, entry: Entry<About>): void {
    entries.delete(model);
    entry.evicted = true;
    bytes -= entry.loaded?.bytes ?? 0;
    closeIfUnused(entry);
  }

  function closeIfUnused(entry: Entry<About>): void {
    if (entry.evicted && entry.users === 0) entry.loaded?.session.close().catch(() => undefined);
  }

  return {
    get loaded() {
      return entries.size;
    },
    get loadedBytes() {
      return bytes;
    },
    get filled() {
      return Math.max(bytes / maxBytes, entries.size / maxModels);
    },
    recent: (most) => [...entries.keys()].reverse().slice(0, most),
    lanesOf: (model) => entries.get(model)?.loaded?.session.lanes ?? 0,
    aboutOf: (model) => (closed ? undefined : entries.get(model)?.loaded?.about),
    isLoaded: (model) => entries.get(model)?.loaded !== undefined,
    drop(model) {
      const entry = entries.get(model);
      if (entry?.loaded !== undefined) evict(model, entry);
    },
    async use(model, body) {
      if (closed) throw new MillwrightError("unavailable", "This process is shutting down.");
      const entry = enter(model);
      entry.users++;
      try {
        return await body(entry.loaded ?? (await entry.loading));
      } finally {
        entry.users--;
        closeIfUnused(entry);
      }
    },
    async close() {
      closed = true;
      await Promise.allSettled([...entries.values()].map((entry) => entry.loading));
      for (const [model, entry] of [...entries]) evict(model, entry);
    },
  };
}
