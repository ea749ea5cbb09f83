import type { Digest } from "../lib/digest.ts";
import type { Enough, Levels, ModelFile } from "./family.ts";
import type { Spread } from "./loss.ts";

/** A training of a family: all of its members, or some under the parents of an earlier one. */
export interface FamilyVersion {
  readonly id: Digest;
  readonly family: string;
  readonly number: number;
  readonly runId: string;
  readonly dataset: Digest;
  readonly code: Digest;
  /** Of the model everybody shares. */
  readonly champion: Digest;
  /** The family version whose other members this one left as they were. */
  readonly parent?: Digest;
  readonly levels: Levels;
  readonly enough: Enough;
  /** Blob of `FamilyFiles`. */
  readonly files: Digest;
  /** Blob of the members trained, with everything that was found. */
  readonly results: Digest;
  readonly summary: FamilySummary;
  /** Versions of the program and what it ran on; not of trainings before it was kept. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

export interface FamilySummary {
  readonly levels: readonly LevelSummary[];
  readonly rows: number;
  readonly testRows: number;
  /** Wall time, and time of all compute threads together. */
  readonly seconds: number;
  readonly computeSeconds: number;
}

export interface LevelSummary {
  /** [] = the model everybody shares. */
  readonly columns: readonly string[];
  /** With rows enough to be drawn to the parent. */
  readonly members: number;
  /** With fewer. */
  readonly thin: number;
  readonly standing: number;
  /** Those whose chunk could not be trained: they stay as they were. */
  readonly failed: number;
  /** Means over the test rows of all members, of what answers and of the parents. */
  readonly loss: number | null;
  readonly parentLoss: number | null;
  /** Candidates of those that stand. */
  readonly candidates: Readonly<Record<string, number>>;
}

/** A member as it is now. */
export interface FamilyMember {
  readonly name: string;
  readonly level: number;
  readonly values: readonly string[];
  readonly stands: boolean;
  readonly rows: number;
  readonly testRows: number;
  readonly candidate: string;
  /** Of what answers, on its test rows; null: it has none. */
  readonly loss: number | null;
  /** Losses of what answers on all rows that it was not learned from: what is usual. */
  readonly reference: Spread;
  readonly parentLoss: number | null;
  readonly q: number | null;
  /** Of one that uses its parent: why. Of one that stands: what was found of its version beside the one before. */
  readonly reason: string | null;
  readonly version:
    | ({ readonly id: Digest; readonly number: number; readonly background: Digest } & ModelFile)
    | null;
  readonly bytes: number | null;
  readonly tried: Readonly<Record<string, number>>;
  readonly training: Digest;
  readonly trainedAt: number;
  readonly watched: Omit<MemberWatch, "name"> | null;
}

/** What a window of the log said of a member. */
export interface MemberWatch {
  readonly name: string;
  /** End of the window, milliseconds since 1970. */
  readonly at: number;
  readonly rows: number;
  readonly loss: number;
  readonly q: number;
  readonly failing: boolean;
}

export interface MemberQuery {
  readonly level?: number | undefined;
  readonly stands?: boolean | undefined;
  readonly failing?: boolean | undefined;
  /** Part of the name or of its values, whatever the case. */
  readonly search?: string | undefined;
  readonly order?: "name" | "gain" | "rows" | "loss";
  readonly limit?: number;
  readonly offset?: number;
}
