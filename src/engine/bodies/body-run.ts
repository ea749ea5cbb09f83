import { AsyncResource } from "node:async_hooks";
import type { ErrorCode } from "../../../sdk/src/contract/errors.ts";
import { MillwrightError } from "../../errors.ts";
import { digestOfJson } from "../../lib/digest.ts";
import type { Json } from "../../lib/json.ts";
import type { Log } from "../../lib/log.ts";
import type { BodyRequest } from "../bodies.ts";
import type { StepContext } from "../engine.ts";
import { describeFailure } from "../runs.ts";
import type { StepResults } from "../step-results.ts";
import { isJournalSignal, isOutOfOrder } from "../steps.ts";
import type { BodyThread, ThreadEvents } from "./body-thread.ts";
import type { BodyCall } from "./protocol.ts";

const LINE = 2000;
/** Characters of JSON that are remembered for a thread that rests; a run with more keeps its thread. */
const MOST_REMEMBERED = 2 ** 24;

type Answer = { readonly value: Json } | { readonly error: unknown };

interface Place {
  readonly call: BodyCall;
  answer?: Answer;
}

/**
 * One execution of a body: its thread, and what becomes of its calls.
 *
 *     runs ──nothing but waits for a while──▶ rests (no thread) ──an answer──▶ runs again from the top, answered from memory
 */
export function bodyRun(deps: {
  readonly request: BodyRequest;
  readonly results: StepResults;
  readonly environment: Json;
  readonly log: Log;
  readonly restMs: number;
  open(events: ThreadEvents): BodyThread;
}): { readonly outcome: Promise<Json>; end(): Promise<void> } {
  const { request, log, restMs } = deps;
  const { about } = request;
  let resolve: (value: Json) => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const outcome = new Promise<Json>((...ends) => {
    [resolve, reject] = ends;
  });
  /** By the number of the call: the same in every thread. */
  const places: Place[] = [];
  const executing = new Map<number, StepContext>();
  const steadfast = new Set<Promise<unknown>>();
  let thread: BodyThread | undefined;
  let asked = 0;
  let delivered = 0;
  let remembered = 0;
  let rest: NodeJS.Timeout | undefined;

  const onlyWaits = (): boolean =>
    thread !== undefined &&
    asked === places.length &&
    delivered < asked &&
    remembered <= MOST_REMEMBERED &&
    places
      .slice(delivered)
      .every(({ call, answer }) => answer !== undefined || call.kind !== "step");
  const mayRest = (): void => {
    clearTimeout(rest);
    if (!onlyWaits()) return;
    rest = setTimeout(() => {
      const old = thread;
      thread = undefined;
      void old?.end();
    }, restMs);
    rest.unref();
  };

  const send = (to: BodyThread, id: number, answer: Answer): void => {
    if ("value" in answer) to.answer(id, answer.value);
    else {
      const { code, message } = describeFailure(answer.error);
      to.refuse(id, { code: code as ErrorCode, message });
    }
  };
  /** In the order of the calls. */
  const flush = (): void => {
    if (thread === undefined && places[delivered]?.answer !== undefined) begin();
    for (; thread && delivered < asked && places[delivered]?.answer; delivered++)
      send(thread, delivered, places[delivered]!.answer!);
    mayRest();
  };
  const settle = (place: Place, answer: Answer): void => {
    place.answer = answer;
    if ("value" in answer) remembered += JSON.stringify(answer.value).length;
    // Whoever has the run now goes on with it.
    if ("error" in answer && isOfJournal(answer.error)) reject(answer.error);
    else flush();
  };

  const execute = (id: number, call: BodyCall & { kind: "step" }, context: StepContext) => {
    executing.set(id, context);
    return thread!.execute(id, context, call.options.timeoutMs).finally(() => executing.delete(id));
  };
  const answer = (id: number, call: BodyCall): Promise<Json> => {
    if (call.kind !== "step") return ask(request, call);
    const { retries, backoffMs, cacheMs } = call.options;
    return request.steps.step(
      call.name,
      (context) =>
        recall(deps, { ...call, cacheMs, context, make: () => execute(id, call, context) }),
      {
        ...(retries === undefined ? {} : { retries }),
        ...(backoffMs === undefined ? {} : { backoffMs }),
      },
    );
  };

  // Calls belong to this run, wherever the message comes from.
  const called = AsyncResource.bind((id: number, call: BodyCall): void => {
    asked = id + 1;
    const known = places[id];
    if (known !== undefined) {
      if (nameOf(known.call) === nameOf(call)) flush();
      else reject(anotherCall(known.call, call));
      return;
    }
    const place: Place = { call };
    places[id] = place;
    const done = begun(() => answer(id, call)).then(
      (value) => settle(place, { value: value ?? null }),
      (error: unknown) => settle(place, { error }),
    );
    mayRest();
    if (call.kind !== "step") return;
    steadfast.add(done);
    void done.finally(() => steadfast.delete(done));
  });

  /** In the log, and, where it is plain whose it is, as progress of the step. */
  const line = (text: string): void => {
    log.info(text.slice(0, LINE), { run: about.id, pipeline: request.pipeline });
    const [only, ...more] = executing.values();
    if (only && more.length === 0) only.progress(text.slice(0, LINE));
  };

  function begin(): void {
    asked = 0;
    delivered = 0;
    const own: BodyThread = deps.open({
      line,
      called: (id, call) => {
        if (own === thread) called(id, call);
      },
      ended(end) {
        if (own !== thread) return;
        clearTimeout(rest);
        if ("error" in end) own.halt();
        // Steps in flight end, and are in the journal; nobody waits for waits and children.
        void Promise.all(steadfast).then(() =>
          "value" in end ? resolve(end.value) : reject(end.error),
        );
      },
    });
    thread = own;
  }
  begin();

  return {
    outcome,
    async end() {
      clearTimeout(rest);
      const old = thread;
      thread = undefined;
      await old?.end();
    },
  };
}

function ask(request: BodyRequest, call: Exclude<BodyCall, { kind: "step" }>): Promise<Json> {
  const { steps } = request;
  if (call.kind === "work") return request.work(call.name, call.work, call.options);
  if (call.kind === "sleep") return steps.sleep(call.name, call.ms).then(() => null);
  if (call.kind === "wait")
    return steps
      .waitFor<Json>(call.topic, call.timeoutMs)
      .then((payload) => (payload === undefined ? {} : { payload }));
  const inputs = call.inputs.map((params) => request.childInput(params));
  return steps.fanOut<Json>(call.name, call.pipeline, inputs) as Promise<Json>;
}

const nameOf = (call: BodyCall): string =>
  `${call.kind} ${call.kind === "wait" ? call.topic : call.name}`;

const anotherCall = (before: BodyCall, now: BodyCall): MillwrightError =>
  new MillwrightError(
    "conflict",
    `The body asked for '${nameOf(before)}' the first time, and now for '${nameOf(now)}': it decides by what no step gave back (a clock, chance, a file).`,
  );

/** Another process has the run, it was cancelled, or its steps are not those that were recorded: nothing that a body could mend. */
const isOfJournal = (error: unknown): boolean => isJournalSignal(error) || isOutOfOrder(error);

/** Now, not later: a call's place in the journal is that of its first moment. What is thrown at once is a rejection. */
const begun = async <T>(body: () => Promise<T>): Promise<T> => body();

/** A step that may be answered by an earlier one: of the same code, pipeline, name, input, params and environment. */
async function recall(
  {
    request,
    results,
    environment,
  }: Pick<Parameters<typeof bodyRun>[0], "request" | "results" | "environment">,
  step: {
    readonly name: string;
    readonly input: Json;
    readonly cacheMs: number | undefined;
    readonly context: StepContext;
    make(): Promise<Json>;
  },
): Promise<Json> {
  const { name, input, cacheMs, context } = step;
  if (cacheMs === undefined) return step.make();
  const { code, pipeline, about } = request;
  const key = digestOfJson({ code, pipeline, name, input, params: about.params, environment });
  const found = await results.find(key, cacheMs);
  if (found) {
    context.progress(`answered by run ${found.run}`);
    return found.value;
  }
  const value = await step.make();
  await results.keep(key, { run: about.id, step: name, value });
  return value;
}
