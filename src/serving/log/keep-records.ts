import { MillwrightError } from "../../errors.ts";
import type { Metrics } from "../metrics.ts";
import type { LogRecord } from "../prediction.ts";
import { recordText } from "./record-text.ts";

export type WhenFull = "refuse" | "serve-unlogged";

export interface KeepRecordsDeps {
  readonly journal: { append(lines: readonly string[]): Promise<void> };
  readonly whenFull: WhenFull;
  /** Why nothing should be written although the disk would take it; undefined: write. */
  full(): string | undefined;
  /** Told of every append for which there was no space. */
  failed(): void;
  readonly counters: Pick<Metrics, "count" | "countRecords">;
}

/** Records written as JSON in one go: about 5 ms. */
const TURN = 1000;

/**
 * Writes records to the journal. True: they are on disk. False: there is no space, and the policy is to answer all the same; then they
 * are counted and gone. Feedback is never taken without being kept. Throws `storage_full` (nothing may be answered), `overloaded`,
 * `unavailable`.
 */
export async function keepRecords(
  deps: KeepRecordsDeps,
  records: readonly LogRecord[],
  inputs?: (i: number) => string | undefined,
): Promise<boolean> {
  let kept = true;
  for (let at = 0; at < records.length; at += TURN) {
    const part = records.length <= TURN ? records : records.slice(at, at + TURN);
    const { kind } = part[0]!;
    try {
      const reason = deps.full();
      if (reason !== undefined) throw noSpace(reason);
      await deps.journal.append(part.map((record, i) => recordText(record, inputs?.(at + i))));
      deps.counters.countRecords(part);
    } catch (error) {
      if (!(error instanceof MillwrightError) || error.code !== "storage_full") throw error;
      deps.failed();
      if (deps.whenFull === "refuse" || kind === "feedback") throw error;
      deps.counters.count("unlogged", part.length);
      kept = false;
    }
  }
  return kept;
}

const noSpace = (reason: string): MillwrightError =>
  new MillwrightError(
    "storage_full",
    `The disk of the prediction log is full: nothing was kept, so nothing was answered. ${reason}`,
  );
