import type { Span } from "./span.ts";
import type { TraceStore } from "./store.ts";
import { spansExpected, type Trace } from "./trace.ts";

export interface AwaitSpansDeps {
  readonly traces: Pick<TraceStore, "spans">;
  pause(ms: number): Promise<unknown>;
}

const EVERY_MS = 100;
const AT_MOST = 20;

/**
 * The spans of a trace, once all are there that its client spoke of: clients send them another way than the trace, and ask for
 * it at once. undefined when they do not come within two seconds.
 */
export async function awaitSpans(
  { traces, pause }: AwaitSpansDeps,
  trace: Pick<Trace, "id" | "metadata">,
): Promise<readonly Span[] | undefined> {
  const expected = spansExpected(trace) ?? 1;
  for (let tries = 0; ; tries++) {
    const spans = (await traces.spans([trace.id])).get(trace.id) ?? [];
    if (spans.length >= expected) return spans;
    if (tries === AT_MOST) return undefined;
    await pause(EVERY_MS);
  }
}
