import type { Log } from "../lib/log.ts";
import type { RequestNote } from "../lib/request-note.ts";
import { accessLog } from "./access-log.ts";
import { type KeptNote, keptNote } from "./note.ts";
import { type TraceParent, traceParent } from "./traceparent.ts";
import type { Traces } from "./traces.ts";

/** Is told of every request. */
export interface RequestObserver {
  /** It has been read. The note goes with the request and comes back; undefined: nobody wants to know more than how it ended. */
  began(headers: { readonly traceparent?: string | undefined }): RequestNote | undefined;
  answered(answer: {
    readonly method: string;
    /** The pattern: `/models/{model}/predict`. */
    readonly route: string;
    readonly params: Readonly<Record<string, string>>;
    readonly id: string;
    readonly status: number;
    readonly durationMs: number;
    readonly note: RequestNote | undefined;
  }): void;
}

/** A request and how it ended, as the access log and traces tell it. */
export interface AnsweredRequest {
  readonly method: string;
  readonly route: string;
  /** Of a model that exists. */
  readonly model: string | undefined;
  readonly id: string;
  readonly status: number;
  readonly durationMs: number;
  readonly note: KeptNote | undefined;
}

export interface ObserverParts {
  readonly log: Log;
  /** Share of the requests that get a line in the log although nothing is wrong, 0 to 1. */
  readonly logShare: number;
  /** undefined: no traces. */
  readonly traces: Traces | undefined;
  count(route: string, model: string | undefined, status: number, durationMs: number): void;
  /** The name, if there is such a model: others may be anything a caller wrote. */
  known(model: string): boolean;
}

/** Counts every request; notes those that are traced or logged. Without traces and access log a request costs its counting. */
export function requestObserver(parts: ObserverParts): RequestObserver {
  const { logShare, traces } = parts;
  const write = accessLog(parts.log);
  return {
    began({ traceparent }) {
      const logged = logShare > 0 && Math.random() < logShare;
      const parent = traces === undefined ? undefined : traceParent(traceparent);
      const sampled = traces?.samples(parent) === true;
      if (!logged && !sampled) return undefined;
      return keptNote({ logged, trace: sampled ? traceOf(traces, parent) : undefined });
    },
    // Most requests end here: copying the object (rest, spread) would cost more than counting.
    answered(answer) {
      const { params, route, status } = answer;
      const named = params.model ?? params.name;
      parts.count(route, named, status, answer.durationMs);
      const note = answer.note as KeptNote | undefined;
      if (note === undefined && status < 400) return;
      const model = named !== undefined && parts.known(named) ? named : undefined;
      write({ ...answer, model, note });
      if (note?.trace !== undefined) traces?.keep({ ...answer, model, note });
    },
  };
}

const traceOf = (traces: Traces, parent: TraceParent | undefined) => ({
  id: parent?.traceId ?? traces.newTraceId(),
  parent,
});
