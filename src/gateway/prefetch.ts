import { setTimeout as pause } from "node:timers/promises";
import type { Digest } from "../lib/digest.ts";
import type { Log } from "../lib/log.ts";
import { wordsOf } from "../lib/words-of.ts";
import type { Snapshot } from "../storage/snapshot/snapshot.ts";
import { interleaved, type SharedHotModels } from "./shared-hot-models.ts";

/** Models in the order of their last use, the latest first. */
export interface HotModels {
  readonly models: readonly Digest[];
}

export interface PrefetchParts {
  /** Remembers which models were hot, between starts. */
  readonly kept: Snapshot<HotModels>;
  /** What the gateways of all machines say; undefined: this one is alone. */
  readonly shared: Pick<SharedHotModels, "read" | "write"> | undefined;
  readonly sessions: {
    recent(most: number): readonly Digest[];
    isLoaded(model: Digest): boolean;
    use(model: Digest, body: () => Promise<void>): Promise<void>;
    /** Share of the memory for models in use, 0 to 1. */
    readonly filled: number;
  };
  /** Whether routes are known. */
  ready(): boolean;
  /** Models that answer for somebody. */
  routed(): ReadonlySet<Digest | undefined>;
  /** Whether callers wait: they go first. */
  busy(): boolean;
  readonly log: Log;
  readonly everyMs: number;
}

const MOST = 10_000;
/** What is loaded ahead leaves room for what is asked for. */
const FILL = 0.8;
const WAIT_MS = 20;

/**
 * Loads the models that were hot before the last end, and those that are hot elsewhere, behind the callers of the moment; then remembers
 * now and then what is hot.
 */
export function prefetch(parts: PrefetchParts): {
  readonly done: Promise<number>;
  stop(): Promise<void>;
} {
  const { kept, sessions, log } = parts;
  let stopped = false;
  let written = "";

  async function load(): Promise<number> {
    const [own, others] = await Promise.all([kept.read(), parts.shared?.read()]);
    const models = interleaved([own?.models ?? [], others ?? []]);
    while (models.length > 0 && !parts.ready() && !stopped) await pause(WAIT_MS);
    const routed = parts.routed();
    let count = 0;
    for (const model of models) {
      while (parts.busy() && !stopped) await pause(WAIT_MS);
      if (stopped || sessions.filled >= FILL) break;
      if (!routed.has(model) || sessions.isLoaded(model)) continue;
      await sessions
        .use(model, async () => undefined)
        .then(
          () => count++,
          (error) => log.warn("a model could not be loaded ahead", { model, why: wordsOf(error) }),
        );
    }
    if (count > 0) log.info("models loaded ahead", { count });
    return count;
  }

  async function remember(): Promise<void> {
    const models = sessions.recent(MOST);
    if (models.length === 0) return;
    await parts.shared?.write(models);
    const text = models.join();
    if (text === written) return;
    await kept.write({ models });
    written = text;
  }

  const done = load().catch((error) => {
    log.warn("models could not be loaded ahead", { why: wordsOf(error) });
    return 0;
  });
  const timer = setInterval(() => {
    remember().catch((error) =>
      log.warn("which models are hot could not be written down", { why: wordsOf(error) }),
    );
  }, parts.everyMs).unref();
  return {
    done,
    async stop() {
      stopped = true;
      clearInterval(timer);
      await done;
      await remember().catch(() => undefined);
    },
  };
}
