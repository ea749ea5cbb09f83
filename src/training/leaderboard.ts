import type { Digest } from "../lib/digest.ts";
import type { Optimism } from "./optimism.ts";
import type { Choice, Standing } from "./race.ts";

/** What a race found, as kept with the model version. */
export interface Leaderboard {
  readonly metric: string;
  readonly better: "higher" | "lower";
  readonly folds: number;
  /** Best first. */
  readonly rows: readonly LeaderboardRow[];
  readonly winner: string;
  /** The one-standard-error choice in words. */
  readonly reason: string;
  /** How the data was split and why. */
  readonly split: string;
  readonly dataset: Digest;
  readonly trainedRows: number;
  readonly testRows: number;
  /** Candidates that were not started because the budget was used up. */
  readonly notTried: number;
  /** Who did not compete, and why, in words; absent where everybody may. */
  readonly leftOut?: string;
  /** Of few rows: how much of the best score is luck of the choice. */
  readonly optimism?: Optimism;
  /** What was tried beyond the portfolio, and why no more; absent where no search was asked for. */
  readonly search?: { readonly proposed: number; readonly rounds: number; readonly ended: string };
}

export interface LeaderboardRow {
  readonly candidate: string;
  readonly trainer: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly state: Standing["state"];
  readonly folds: number;
  /** Mean over folds and its 95 % interval (normal approximation); null when no fold finished. */
  readonly mean: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly seconds: number;
  readonly complexity: number;
  readonly error: string | undefined;
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);

export function leaderboard(
  rows: readonly Standing[],
  choice: Choice,
  about: Omit<Leaderboard, "rows" | "winner" | "reason" | "notTried">,
): Leaderboard {
  return {
    ...about,
    winner: choice.winner.candidate.id,
    reason: choice.reason,
    notTried: rows.filter((row) => row.state === "not tried").length,
    rows: rows.map((row) => ({
      candidate: row.candidate.id,
      trainer: row.candidate.trainer,
      params: row.candidate.params,
      state: row.state,
      folds: row.folds,
      mean: finite(row.mean),
      low: finite(row.mean - 1.96 * row.standardError),
      high: finite(row.mean + 1.96 * row.standardError),
      seconds: row.seconds,
      complexity: row.complexity,
      error: row.error,
    })),
  };
}
