import { AsyncResource } from "node:async_hooks";
import { existsSync, readFileSync } from "node:fs";
import { totalmem } from "node:os";
import { fileURLToPath } from "node:url";
import type { ErrorCode } from "../../../sdk/src/contract/errors.ts";
import { MillwrightError } from "../../errors.ts";
import { type Digest, digestOfJson } from "../../lib/digest.ts";
import type { Json } from "../../lib/json.ts";
import type { Log } from "../../lib/log.ts";
import type { Blobs } from "../../storage/blobs/blobs.ts";
import type { Bodies, BodyRequest } from "../bodies.ts";
import type { StepContext } from "../engine.ts";
import { describeFailure } from "../runs.ts";
import type { StepResults } from "../step-results.ts";
import { isJournalSignal, isOutOfOrder } from "../steps.ts";
import { keepBundle } from "../user-code.ts";
import { type BodyThread, bodyThread } from "./body-thread.ts";
import type { BodyCall } from "./protocol.ts";

const LINE = 2000;

export function openBodies(parts: {
  readonly blobs: Pick<Blobs, "localPath">;
  readonly results: StepResults;
  /** Bundles are unpacked in it, as those of the project are. */
  readonly folder: string;
  /** Among what a kept result depends on. */
  readonly environment: Json;
  readonly log: Log;
  readonly heapMb?: number;
}): Bodies {
  const { blobs, folder } = parts;
  const heapMb = parts.heapMb ?? Math.round(Math.min(4096, Math.max(256, totalmem() / 2 ** 22)));
  const threads = new Set<BodyThread>();

  const fetchCode = async (code: Digest): Promise<string> =>
    keepBundle(folder, code, readFileSync(await blobs.localPath(code), "utf8"));

  return {
    async run(request) {
      const start = {
        ...{ pipeline: request.pipeline, about: request.about },
        file: await fetchCode(request.code),
      };
      let thread: BodyThread | undefined;
      try {
        return await new Promise<Json>((resolve, reject) => {
          const asked = answers({ ...parts, request, reject, thread: () => thread! });
          thread = bodyThread({
            ...{ entry: bodyEntry(), start, heapMb, line: asked.line },
            // Calls belong to this run, wherever the message comes from.
            called: AsyncResource.bind(asked.called),
            ended(outcome) {
              if ("error" in outcome) thread?.halt();
              void asked
                .settled()
                .then(() => ("value" in outcome ? resolve(outcome.value) : reject(outcome.error)));
            },
          });
          threads.add(thread);
        });
      } finally {
        if (thread) threads.delete(thread);
        await thread?.end();
      }
    },
    async close() {
      await Promise.all([...threads].map((thread) => thread.end()));
      threads.clear();
    },
  };
}

type Answer = { readonly value: Json } | { readonly error: unknown };

/** What becomes of the calls of one execution. */
function answers(deps: {
  readonly request: BodyRequest;
  readonly results: StepResults;
  readonly environment: Json;
  readonly log: Log;
  thread(): BodyThread;
  /** Ends the execution: it is not the body's to know. */
  reject(error: unknown): void;
}) {
  const { request, log, thread } = deps;
  const { steps, about } = request;
  const waiting: { readonly id: number; answer?: Answer }[] = [];
  const executing = new Map<number, StepContext>();
  const steadfast = new Set<Promise<unknown>>();

  const send = (id: number, answer: Answer): void => {
    if ("value" in answer) thread().answer(id, answer.value);
    else {
      const { code, message } = describeFailure(answer.error);
      thread().refuse(id, { code: code as ErrorCode, message });
    }
  };
  /** In the order of the calls. */
  const flush = (): void => {
    for (let first = waiting[0]; first?.answer !== undefined; first = waiting[0]) {
      waiting.shift();
      send(first.id, first.answer);
    }
  };

  const execute = (id: number, call: BodyCall & { kind: "step" }, context: StepContext) => {
    executing.set(id, context);
    return thread()
      .execute(id, context, call.options.timeoutMs)
      .finally(() => executing.delete(id));
  };

  const answer = (id: number, call: BodyCall): Promise<Json> => {
    if (call.kind === "work") return request.work(call.name, call.work, call.options);
    if (call.kind === "sleep") return steps.sleep(call.name, call.ms).then(() => null);
    if (call.kind === "wait")
      return steps
        .waitFor<Json>(call.topic, call.timeoutMs)
        .then((payload) => (payload === undefined ? {} : { payload }));
    if (call.kind === "fanOut")
      return steps.fanOut<Json>(
        call.name,
        call.pipeline,
        call.inputs.map((params) => request.childInput(params)),
      ) as Promise<Json>;
    const { retries, backoffMs, cacheMs } = call.options;
    return steps.step(
      call.name,
      (context) =>
        remembered(deps, { ...call, cacheMs, context, make: () => execute(id, call, context) }),
      {
        ...(retries === undefined ? {} : { retries }),
        ...(backoffMs === undefined ? {} : { backoffMs }),
      },
    );
  };

  return {
    called(id: number, call: BodyCall): void {
      const place: { readonly id: number; answer?: Answer } = { id };
      waiting.push(place);
      const settle = (given: Answer): void => {
        place.answer = given;
        // Whoever has the run now goes on with it.
        if ("error" in given && isOfJournal(given.error)) deps.reject(given.error);
        else flush();
      };
      const done = start(() => answer(id, call)).then(
        (value) => settle({ value: value ?? null }),
        (error: unknown) => settle({ error }),
      );
      if (call.kind !== "step") return;
      steadfast.add(done);
      void done.finally(() => steadfast.delete(done));
    },
    /** In the log, and, where it is plain whose it is, as progress of the step. */
    line(text: string): void {
      log.info(text.slice(0, LINE), { run: about.id, pipeline: request.pipeline });
      const [only, ...more] = executing.values();
      if (only && more.length === 0) only.progress(text.slice(0, LINE));
    },
    /** Steps in flight have ended and are in the journal; nobody waits for waits and children. */
    settled: async (): Promise<void> => {
      await Promise.all(steadfast);
    },
  };
}

/** Another process has the run, it was cancelled, or its steps are not those that were recorded: nothing that a body could mend. */
const isOfJournal = (error: unknown): boolean => isJournalSignal(error) || isOutOfOrder(error);

/** Now, not later: a call's place in the journal is that of its first moment. What is thrown at once is a rejection. */
const start = async <T>(body: () => Promise<T>): Promise<T> => body();

/** A step that may be answered by an earlier one: of the same code, pipeline, name, input, params and environment. */
async function remembered(
  {
    request,
    results,
    environment,
  }: Pick<Parameters<typeof answers>[0], "request" | "results" | "environment">,
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

/** Beside the running program; from the sources (tests), what the build last made. */
function bodyEntry(): URL {
  const found = ["./", "../", "../../", "../../../dist/", "../../dist/", "../dist/"]
    .map((place) => new URL(`${place}pipeline-thread.js`, import.meta.url))
    .find((url) => existsSync(fileURLToPath(url)));
  if (found) return found;
  throw new MillwrightError(
    "internal",
    "dist/pipeline-thread.js is missing. Build it with: npm run build",
  );
}
