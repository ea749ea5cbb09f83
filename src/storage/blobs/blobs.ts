import type { Digest } from "../../lib/digest.ts";

/** Content-addressed bytes. Writing the same bytes twice keeps one copy. A blob, once acknowledged, is on disk (fsync). */
export interface Blobs {
  put(bytes: Uint8Array): Promise<Digest>;
  /** Copies a finished local file in (the original stays); streams, so size does not matter. */
  putFile(path: string): Promise<Digest>;
  /** Takes the content as it comes, and asks for more only when the disk has taken what came. Nothing is kept when it fails. */
  putStream(content: AsyncIterable<Uint8Array>): Promise<Digest>;
  /** Throws `not_found` when absent, `internal` when the bytes do not match the digest. */
  get(digest: Digest): Promise<Uint8Array>;
  has(digest: Digest): Promise<boolean>;
  /** A local path with the content, for engines that read files (DuckDB). May download first. Never write to it. */
  localPath(digest: Digest): Promise<string>;
  /** Copies that a driver keeps on other machines may stay, and be read there. */
  delete(digest: Digest): Promise<void>;
  /** Deletes it unless somebody has put it since `before` (milliseconds since 1970), also in this moment. true = it is gone. */
  deleteOld(digest: Digest, before: number): Promise<boolean>;
  /** Every digest, in no order; those that come or go meanwhile may be left out. */
  list(): AsyncIterable<Digest>;
  /** Removes what was left half written by processes that ended in its middle, before so many milliseconds since 1970. */
  tidy(before: number): Promise<void>;
  /** A store of its own beside this one. Whoever keeps it need not ask who else refers to its blobs. */
  beside(name: string): Blobs;
}
