import { MillwrightError } from "../../errors.ts";
import { durationMs } from "../../lib/duration.ts";
import type { Json } from "../../lib/json.ts";
import { plainJson } from "../../lib/plain-json.ts";
import type { BodyAbout, BodyCall, StepOptions } from "./protocol.ts";

/** Of a result or an input: characters of JSON. All of a run are in the journal. */
export const MOST_JSON = 2 ** 20;
const MOST_AT_ONCE = 1000;
const MOST_CHILDREN = 10_000;
const AT_ONCE = 4;

export interface StepTools {
  /** Aborts when the run is cancelled, the step's time is over, or this process leaves. */
  readonly signal: AbortSignal;
  /** 1 the first time. */
  readonly attempt: number;
  /** The project's: the working folder may be another one. */
  readonly folder: string;
  progress(message: string, fraction?: number): void;
  log(message: string): void;
}

export type StepFunction = (input: never, tools: StepTools) => unknown;

interface GivenOptions {
  readonly retries?: number;
  readonly backoff?: string;
  readonly timeout?: string;
  readonly cache?: boolean | string;
}

/**
 * What a person's body gets as `run`; its types are `PipelineRun` (`pipelines/pipeline.ts`). Nothing here awaits before it asks: the
 * order of the calls is that of the journal.
 */
export function userRun(
  about: BodyAbout,
  ask: (call: BodyCall, execute?: StepFunction) => Promise<Json>,
  log: (message: string) => void,
) {
  const step = async (name: string, work: unknown, ...rest: unknown[]): Promise<Json> => {
    nameOf("step", name);
    if (typeof work === "function") {
      const [input, options] = rest as [unknown, GivenOptions?];
      const given = plainJson(input, `The input of step '${name}'`, MOST_JSON);
      const call: BodyCall = { kind: "step", name, input: given, options: read(name, options) };
      return ask(call, work as StepFunction);
    }
    if (typeof work !== "object" || work === null)
      throw new MillwrightError(
        "invalid_input",
        `Step '${name}': ${JSON.stringify(work)} is no work. Give a function, train(…), score(…), predict(…), importModel(…), or { run: process({…}) }.`,
      );
    const [options] = rest as [GivenOptions?];
    const described = plainJson(work, `The work of step '${name}'`, MOST_JSON);
    return ask({ kind: "work", name, work: described, options: read(name, options) });
  };

  return {
    ...about,
    log: (message: unknown) => log(String(message)),
    step,

    async sleep(name: string, time: string): Promise<void> {
      nameOf("sleep", name);
      await ask({ kind: "sleep", name, ms: timeOf(`sleep '${name}'`, time) });
    },

    async waitFor(topic: string, time: string): Promise<Json | undefined> {
      nameOf("waitFor", topic);
      const timeoutMs = timeOf(`waitFor '${topic}'`, time);
      const answer = await ask({ kind: "wait", topic, timeoutMs });
      return (answer as { readonly payload?: Json }).payload;
    },

    async all(
      name: string,
      work: unknown,
      inputs: readonly unknown[],
      options: GivenOptions & { readonly atOnce?: number } = {},
    ): Promise<Json[]> {
      const { atOnce = AT_ONCE, ...each } = options;
      listOf(`all '${name}'`, inputs, MOST_AT_ONCE);
      if (!Number.isInteger(atOnce) || atOnce < 1)
        throw new MillwrightError(
          "invalid_input",
          `all '${name}': atOnce: ${atOnce}: write 1 or more.`,
        );
      const results: Json[] = [];
      let next = 0;
      let failed = false;
      // Answers come in the order of the calls, so the next call is the same at every execution.
      const lane = async (): Promise<void> => {
        for (let i = next++; i < inputs.length && !failed; i = next++)
          try {
            results[i] = await step(`${name} ${i + 1}`, work, inputs[i], each);
          } catch (error) {
            failed = true;
            throw error;
          }
      };
      const lanes = Array.from({ length: Math.min(atOnce, inputs.length) }, lane);
      for (const end of await Promise.allSettled(lanes))
        if (end.status === "rejected") throw end.reason;
      return results;
    },

    async fanOut(name: string, other: unknown, inputs: readonly unknown[]): Promise<Json> {
      nameOf("fanOut", name);
      const pipeline = (other as { readonly pipeline?: unknown } | null)?.pipeline;
      if (typeof pipeline !== "string")
        throw new MillwrightError(
          "invalid_input",
          `fanOut '${name}': give a pipeline (what pipeline("…") made, and the project declares), and a list of params.`,
        );
      listOf(`fanOut '${name}'`, inputs, MOST_CHILDREN);
      const params = inputs.map((one, i) =>
        plainJson(one, `Input ${i + 1} of fanOut '${name}'`, MOST_JSON),
      );
      return ask({ kind: "fanOut", name, pipeline, inputs: params });
    },
  };
}

function read(name: string, given: GivenOptions = {}): StepOptions {
  const at = `step '${name}'`;
  const { retries, backoff, timeout, cache = false, ...unknown } = given;
  const [other] = Object.keys(unknown);
  if (other !== undefined)
    throw new MillwrightError(
      "invalid_input",
      `${at}: there is no option ${other}. There are retries, backoff, timeout, cache.`,
    );
  if (retries !== undefined && !(Number.isInteger(retries) && retries >= 0 && retries <= 100))
    throw new MillwrightError("invalid_input", `${at}: retries: ${retries}: write 0 to 100.`);
  const ms = (option: string, text: string | undefined) =>
    text === undefined ? undefined : timeOf(`${at}: ${option}`, text);
  return {
    ...{ retries, backoffMs: ms("backoff", backoff), timeoutMs: ms("timeout", timeout) },
    cacheMs:
      cache === false ? undefined : cache === true ? Number.MAX_SAFE_INTEGER : ms("cache", cache),
  };
}

/** 2^31 ms is the most that a timer takes; waits of the journal are no timers. */
const LONGEST_MS = 366 * 86_400_000;

function timeOf(at: string, text: unknown): number {
  const ms = typeof text === "string" ? durationMs(text) : undefined;
  if (ms !== undefined && ms > 0 && ms <= LONGEST_MS) return ms;
  throw new MillwrightError(
    "invalid_input",
    `${at}: ${JSON.stringify(text)}: write a time such as "30s", "10m", "12h" or "3d".`,
  );
}

function nameOf(what: string, name: unknown): void {
  if (typeof name === "string" && /^[^\p{C}]{1,100}$/u.test(name)) return;
  throw new MillwrightError(
    "invalid_input",
    `${what}: ${JSON.stringify(name)?.slice(0, 120)} is no name: write 1 to 100 characters that can be printed.`,
  );
}

function listOf(at: string, inputs: unknown, most: number): void {
  if (!Array.isArray(inputs))
    throw new MillwrightError("invalid_input", `${at}: the inputs are no list.`);
  if (inputs.length > most)
    throw new MillwrightError(
      "invalid_input",
      `${at}: ${inputs.length} inputs; at most ${most}. Give each a list of what it does.`,
    );
}
