import type { Digest } from "../lib/digest.ts";
import type { TrainingSpec } from "../training/training-spec.ts";
import type { Spread } from "./loss.ts";
import type { Compared } from "./predecessor.ts";

/**
 * Levels of a family, from the finest: columns whose values name a member. Above them stands the model that everybody shares. A
 * row belongs to one member of every level, or to none where a value is missing.
 */
export type Levels = readonly (readonly string[])[];

/** What a member needs for a model of its own, counted in training rows. */
export interface Enough {
  /** To try models of its own. */
  readonly rows: number;
  /** Of each class, for the same. */
  readonly perClass: number;
  /** To be drawn to the parent; fewer use the parent's. */
  readonly shrink: number;
  /** Test rows without which nothing can be proven. */
  readonly test: number;
}

export const ENOUGH: Enough = { rows: 200, perClass: 30, shrink: 30, test: 10 };

/** False-discovery rate among the members of a level that get a model of their own. */
export const FALSE_DISCOVERY = 0.05;

/** Parts of the training rows: every model that is compared on one of them has learned from the others alone, at every level. */
export const PARTS = 3;

/** A model's file. `over`: the file whose answer is one of its inputs. */
export interface ModelFile {
  readonly onnx: Digest;
  readonly over?: ModelFile;
}

/** A model that stands in for those below it: once for each part of the training rows, learned from the others. */
export interface Parent {
  readonly parts: readonly ModelFile[];
  /** Learned from all parts: what the test rows judge. */
  readonly whole: ModelFile;
  /** What answers. */
  readonly served: ModelFile;
}

/** Rows of one member within a chunk: `from..to-1`; fewer than it has (`train` and `test` rows) where these are very many. */
export interface ChunkMember {
  readonly name: string;
  readonly values: readonly string[];
  readonly from: number;
  readonly to: number;
  readonly train: number;
  readonly test: number;
}

/** Members that are trained together: the unit of work. */
export interface Chunk {
  readonly level: number;
  /** Parquet: the rows, member by member, with their part in `#part` (-1: test). */
  readonly rows: Digest;
  readonly members: readonly ChunkMember[];
}

/** What all chunks of a level share; a blob. */
export interface LevelTask {
  /** The name of the family is that of the model everybody shares. */
  readonly spec: TrainingSpec;
  readonly levels: Levels;
  readonly level: number;
  readonly enough: Enough;
  /** Parquet: a sample of the training rows from which the features are learned, with `#part`. */
  readonly base: Digest;
  readonly global: Parent;
  /** Members above with models of their own, by name. */
  readonly parents: Readonly<Record<string, Parent>>;
  /** What members with rows enough try, simplest first. */
  readonly trainers: readonly string[];
  /** A model stands only where it is shown to be better than the parent's. */
  readonly proof: boolean;
  /** Corrections of what the parent says are tried. */
  readonly pooling: boolean;
  /** Served from all rows, the test rows included: where rows are in order of time. */
  readonly refit: boolean;
}

/** What members are trained under, and trained again later, one by one. A blob of the family's version. */
export interface FamilyFiles {
  readonly spec: TrainingSpec;
  readonly base: Digest;
  readonly global: Parent;
  readonly parents: Readonly<Record<string, Parent>>;
  /** Blobs of the `LevelTask`s, the finest first: what it takes to make a member again. Not of trainings before they were kept. */
  readonly tasks?: readonly Digest[];
}

/** How a member was found to do best. */
export type Choice = "parent" | "shrunk" | "own";

/** What is known of a member after a training. */
export interface MemberResult {
  readonly name: string;
  readonly level: number;
  readonly values: readonly string[];
  readonly rows: number;
  readonly testRows: number;
  readonly choice: Choice;
  /** The candidate, such as `gbdt-1`; "parent". */
  readonly candidate: string;
  /** Mean loss over the parts, by candidate; only of those that saw all parts. */
  readonly tried: Readonly<Record<string, number>>;
  /** Mean loss on the test rows: of the chosen one, and of the parent. */
  readonly loss: number;
  readonly parentLoss: number;
  /** The same, with its spread, on all rows that it was not learned from. */
  readonly reference: Spread;
  readonly parentReference: Spread;
  /** One-sided: that the chosen one is no better than the parent on the test rows. null: not tested. */
  readonly p: number | null;
  /** Where p could make it stand. */
  readonly model?: MemberModel;
  /** The same, beside the version in service. */
  readonly compared?: Compared;
  /** Why it has none, in words. */
  readonly reason?: string;
}

export interface MemberModel {
  /** What is served. */
  readonly file: ModelFile;
  /** Where there are levels below. */
  readonly parent?: Parent;
  readonly bytes: number;
  /** Blob: rows of the member, against which its answers are explained. */
  readonly background: Digest;
}

/** What a chunk leaves behind; a blob. */
export interface ChunkResult {
  readonly members: readonly MemberResult[];
  readonly seconds: number;
}
