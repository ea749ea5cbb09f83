import type { Levels } from "../families/family.ts";
import type { Digest } from "../lib/digest.ts";
import type { SignatureColumn } from "../onnx/signature.ts";
import type { RoutedVersion } from "../serving/route.ts";

/** The members of a family that answer rows of a batch: those that had routes when it was planned, whatever becomes of them later. */
export interface PinnedFamily {
  /** Of the training after which they stood so, for people. */
  readonly number: number;
  /** The finest first. */
  readonly levels: Levels;
  /** Blob of `PinnedMember[]`, by name. */
  readonly members: Digest;
  /** What members read, and, without a role, what only names them. */
  readonly columns: readonly { readonly name: string; readonly role?: SignatureColumn["role"] }[];
}

export interface PinnedMember {
  readonly model: string;
  readonly champion: RoutedVersion;
}

/** How many rows of a part, or of a batch, who answered. */
export interface AnsweredBy {
  /** By level, the finest first; the last: the model everybody shares. */
  readonly levels: readonly number[];
  /** Of the last, those whose member could not be loaded. */
  readonly stoodIn: number;
}

export const nobodyYet = (levels: number): AnsweredBy => ({
  levels: new Array<number>(levels + 1).fill(0),
  stoodIn: 0,
});

export const plusAnswered = (a: AnsweredBy, b: AnsweredBy): AnsweredBy => ({
  levels: a.levels.map((rows, level) => rows + (b.levels[level] ?? 0)),
  stoodIn: a.stoodIn + b.stoodIn,
});
