import type { ModelFile } from "./family.ts";

/** The version of a member that is in service while it is trained again; or why the new one is not compared with it. */
export type Predecessor =
  | {
      readonly number: number;
      readonly file: ModelFile;
      /** It has learned from no row later than this: seconds since 1970. */
      readonly after: number;
    }
  | { readonly number: number; readonly because: string };

/** By member. */
export type Predecessors = Readonly<Record<string, Predecessor>>;

/** What was found of a new version beside the one in service. */
export interface Compared {
  /** Of the version in service. */
  readonly number: number;
  /** It was shown to be better than the new one, so it goes on answering. */
  readonly stays: boolean;
  readonly words: string;
}
