/**
 * What is noted while one request is worked on, for its line in the access log and its trace. There is one only when somebody
 * will read it; work goes on the same without.
 */
export interface RequestNote {
  /** A part of the work is over, which began when the part before it was over. The same part again (a stand-in's) counts from there. */
  done(part: RequestPart): void;
  /** Facts for people who run the service: never values of rows, keys, or what a caller wrote. */
  say(facts: RequestFacts): void;
}

/** check: route found and rows read; queue: waited for others' rows; run: the model computed; log: the record went to disk. */
export type RequestPart = "check" | "queue" | "run" | "log";

export interface RequestFacts {
  /** Which model was asked, and what answered. */
  readonly model?: string;
  readonly version?: number;
  readonly variant?: string;
  readonly answeredBy?: string;
  readonly rows?: number;
  readonly abstained?: number;
}
