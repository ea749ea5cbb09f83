/**
 * Files that runs and models keep, by path: `3/<run>/artifacts/model/MLmodel`. Paths are those `artifactPath` gives; every other is
 * `invalid_input`. A folder is there as soon as a file is in it.
 */
export interface Artifacts {
  /**
   * Puts a file there in place of what was there: wholly and on disk, or not at all. Content is asked for as fast as it can be
   * kept. `invalid_input` when the path is a folder, or leads through a file. Bytes.
   */
  write(path: string, content: AsyncIterable<Uint8Array>): Promise<number>;
  /** undefined when there is no file. Whoever opens it reads it once, or closes it. */
  open(path: string): Promise<OpenArtifact | undefined>;
  /**
   * What lies directly in a folder ("" is the root), by name in the order of its UTF-8 bytes. Nothing when it is none.
   * @param page `after`: only names behind this one; `limit`: at most so many.
   */
  list(folder: string, page?: ArtifactPage): Promise<ArtifactEntry[]>;
  /** A file, or a folder with all that is in it. How many files and bytes went. */
  remove(path: string): Promise<Removed>;
  /** What `remove` would say. */
  measure(path: string): Promise<Removed>;
}

export interface OpenArtifact {
  readonly bytes: number;
  /** From byte `from` up to and with byte `to`; all when left out. Closes itself at the end, or when it is destroyed. */
  read(range?: ByteRange): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

export interface ByteRange {
  readonly from: number;
  readonly to: number;
}

export interface ArtifactEntry {
  readonly name: string;
  /** undefined: a folder. */
  readonly bytes: number | undefined;
}

export interface ArtifactPage {
  readonly after?: string | undefined;
  readonly limit?: number | undefined;
}

export interface Removed {
  readonly files: number;
  readonly bytes: number;
}
