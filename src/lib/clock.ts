/** Where time comes from. Pure code and verbs never read the wall clock themselves, so that runs can be replayed. */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  now(): number;
}
