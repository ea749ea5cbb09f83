/** Large files come in parts, in any order and several at once; a part may be sent again, also after a restart. */
export interface Uploads {
  /** @param parts how many there will be. The id of the upload. */
  begin(path: string, parts: number): Promise<string>;
  /** Keeps a part on disk; the digest that `finish` wants to see. `not_found` when there is no such upload. */
  keep(id: string, part: number, content: AsyncIterable<Uint8Array>): Promise<string>;
  /**
   * Makes one file of the parts: it is there wholly or not at all. Every part has to be named, with its digest. Asked again it says
   * the same.
   */
  finish(id: string, path: string, parts: readonly UploadedPart[]): Promise<void>;
  /** Forgets it, with what has come. */
  abort(id: string): Promise<void>;
  /** Forgets those of which nothing has come since `before` (milliseconds since 1970). How many. */
  sweep(before: number): Promise<number>;
}

export interface UploadedPart {
  /** From 1. */
  readonly part: number;
  readonly digest: string;
}
