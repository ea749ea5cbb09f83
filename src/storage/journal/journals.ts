/** One journal file. `id` stays the same when an open file is closed. */
export interface Segment {
  /** `<process instance>/<number>`: unique for ever. */
  readonly id: string;
  readonly path: string;
  /** Nobody will append to it any more. */
  readonly closed: boolean;
}

/** The journals of all processes that share one folder, for those who read and ship them. */
export interface Journals {
  /** Oldest first within a process. What a process that has ended left open is closed. */
  list(): Promise<Segment[]>;
  /**
   * The records of one segment, in order; a torn tail (never acknowledged) is left out. undefined when the file is gone, which
   * means that somebody has shipped it.
   */
  read(segment: Segment): Promise<readonly string[] | undefined>;
  /** Deletes a shipped segment, and the directory of an ended process with its last one. Repeating it is harmless. */
  remove(segment: Segment): Promise<void>;
}
