import type { RequestFacts, RequestNote, RequestPart } from "../lib/request-note.ts";
import type { TraceParent } from "./traceparent.ts";

/** A request as it was noted. Times in milliseconds; `startedAt` since 1970, the rest since `startedAt`. */
export interface KeptNote extends RequestNote {
  /** Its trace, when it is part of one that is sampled. */
  readonly trace: { readonly id: string; readonly parent: TraceParent | undefined } | undefined;
  /** It gets a line in the access log although nothing is wrong. */
  readonly logged: boolean;
  readonly startedAt: number;
  readonly parts: readonly {
    readonly part: RequestPart;
    readonly from: number;
    readonly to: number;
  }[];
  readonly facts: RequestFacts;
}

export function keptNote(about: Pick<KeptNote, "trace" | "logged">): KeptNote {
  const startedAt = Date.now();
  const started = performance.now();
  const parts: { part: RequestPart; from: number; to: number }[] = [];
  let facts: RequestFacts = {};
  let last = 0;
  return {
    ...about,
    startedAt,
    parts,
    get facts() {
      return facts;
    },
    done(part) {
      const to = performance.now() - started;
      parts.push({ part, from: last, to });
      last = to;
    },
    say(more) {
      facts = { ...facts, ...more };
    },
  };
}
