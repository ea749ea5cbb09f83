/** The prediction log of a process: how a gateway writes it, and who ships it. */

import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { Clock } from "../lib/clock.ts";
import type { Json } from "../lib/json.ts";
import type { Log } from "../lib/log.ts";
import { type Fullness, fullness, type SpaceLimits } from "../serving/log/fullness.ts";
import { keepRecords, type WhenFull } from "../serving/log/keep-records.ts";
import { logStore } from "../serving/log/store.ts";
import type { Metrics } from "../serving/metrics.ts";
import type { PredictionLog } from "../serving/predict.ts";
import { type Shipped, ship } from "../serving/ship.ts";
import type { Blobs } from "../storage/blobs/blobs.ts";
import type { Columns } from "../storage/columns/columns.ts";
import { type JournalOptions, openJournal } from "../storage/journal/journal.ts";
import { journalsIn } from "../storage/journal/segments.ts";
import { type JournalSpace, journalSpace } from "../storage/journal/space.ts";
import type { Sql } from "../storage/sql/sql.ts";

/** Where the journals of all gateways with this data folder are. */
export const journalRoot = (dataDir: string): string => join(dataDir, "journal");

export interface PredictionLogOptions {
  readonly dataDir: string;
  readonly journal?: JournalOptions | undefined;
  /** `off`: answers leave unlogged, for whoever keeps a log of their own. */
  readonly keep: "durable" | "off";
  /** `refuse` when left out. */
  readonly whenFull?: WhenFull | undefined;
  readonly limits?: SpaceLimits | undefined;
  /** How often the disk is looked at. 5 s when left out. */
  readonly lookEveryMs?: number | undefined;
  /** Says how long ago the last record failed. The machine's when left out. */
  readonly clock?: Clock | undefined;
}

export interface OpenPredictionLog extends PredictionLog {
  state(): LogState;
  close(): Promise<void>;
}

export interface LogState {
  /** Of records that the disk does not have yet. */
  readonly pendingBytes: number;
  readonly full: boolean;
  /** As last looked at. */
  readonly space: JournalSpace | undefined;
}

interface LogParts {
  readonly log: Log;
  readonly counters: Metrics;
  /** Appends to the event log; may fail. */
  announce(type: string, payload: Json): Promise<unknown>;
}

/** The journal of one gateway process with its policy for a full disk: it says when space gets scarce, and goes on by itself. */
export async function openPredictionLog(
  parts: LogParts,
  options: PredictionLogOptions,
): Promise<OpenPredictionLog> {
  const { log, counters } = parts;
  const root = journalRoot(options.dataDir);
  const journal = await openJournal(root, options.journal);
  const whenFull = options.whenFull ?? "refuse";
  let space: JournalSpace | undefined;
  let seen: Fullness = { state: "ok", words: "" };
  let said: Fullness["state"] = "ok";
  let unlogged = 0;

  const say = (state: Fullness["state"], words: string): void => {
    if (state === said) return;
    const before = said;
    said = state;
    if (state === "ok" && before === "full")
      log.info("the prediction log has space again", { unlogged });
    if (state === "low" && before === "ok")
      log.warn("the prediction log's disk gets full", { words });
    if (state === "full") log.error(FULL[whenFull], { words });
    if (state === "full" || before === "full") {
      const type = state === "full" ? "log.full" : "log.recovered";
      parts.announce(type, { whenFull, unlogged, words }).catch(() => undefined);
      if (state !== "full") unlogged = 0;
    }
  };
  /** A disk that is nearly full takes small records between two that it does not: over is when none has failed for a while. */
  let lastFailure = Number.NEGATIVE_INFINITY;
  const { lookEveryMs = 5000, clock = { now: Date.now } } = options;
  const look = async (): Promise<void> => {
    space = await journalSpace(root);
    seen = fullness(space, options.limits ?? {});
    if (seen.state === "full" || clock.now() - lastFailure >= lookEveryMs)
      say(seen.state, seen.words);
  };
  const timer = setInterval(() => void look().catch(() => undefined), lookEveryMs);
  timer.unref();
  await look().catch(() => undefined);

  const deps = {
    journal,
    whenFull,
    full: () => (seen.state === "full" ? seen.words : undefined),
    counters,
    failed() {
      lastFailure = clock.now();
      say("full", seen.words);
    },
  };
  return {
    async append(records, inputs) {
      if (options.keep === "off") {
        counters.countRecords(records);
        return true;
      }
      const kept = await keepRecords(deps, records, inputs);
      if (!kept) unlogged += records.length;
      return kept;
    },
    state: () => ({ pendingBytes: journal.pendingBytes, full: said === "full", space }),
    async close() {
      clearInterval(timer);
      await journal.close();
    },
  };
}

const FULL: Readonly<Record<WhenFull, string>> = {
  refuse: "the prediction log is full: predictions are refused until there is space",
  "serve-unlogged":
    "the prediction log is full: predictions are answered and not kept until there is space",
};

/** Names of attempts to write a segment: no two the same, on no machine. */
export const newAttempt = (): string => randomUUID();

export interface ShipperParts {
  readonly sql: Sql;
  readonly blobs: Blobs;
  readonly columns: Columns;
  readonly log: Log;
}

export interface Shipper {
  shipNow(): Promise<Shipped>;
  stop(): Promise<void>;
}

/**
 * Ships the closed journal segments of every gateway with this data folder, also of those that have died. One process per
 * machine is enough (several do no harm); better not a gateway itself, for the sake of its latency.
 */
export function shipRegularly(
  parts: ShipperParts,
  options: { readonly dataDir: string; readonly everyMs?: number },
): Shipper {
  const deps = {
    ...parts,
    store: logStore(parts.sql),
    journals: journalsIn(journalRoot(options.dataDir)),
    newAttempt,
    breathe: () => new Promise<void>((resolve) => setImmediate(resolve)),
  };
  let last: Promise<unknown> = Promise.resolve();
  let waiting = false;
  let failing = false;
  const shipNow = (): Promise<Shipped> => {
    const next = last.then(() => ship(deps));
    last = next.catch(() => undefined);
    return next;
  };
  const timer = setInterval(() => {
    if (waiting) return;
    waiting = true;
    shipNow()
      .then(() => {
        if (failing) parts.log.info("the prediction log is shipped again");
        failing = false;
      })
      .catch((error: unknown) => {
        if (!failing)
          parts.log.warn("the prediction log could not be shipped; it is kept and tried again", {
            why: error instanceof Error ? error.message : String(error),
          });
        failing = true;
      })
      .finally(() => {
        waiting = false;
      });
  }, options.everyMs ?? 5000);
  timer.unref();
  return {
    shipNow,
    async stop() {
      clearInterval(timer);
      await last;
    },
  };
}
