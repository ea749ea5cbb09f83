import type { FanOutResult, Pipeline, Steps } from "../engine/engine.ts";
import { MillwrightError } from "../errors.ts";
import type { Platform } from "../pipelines/platform.ts";
import type { ModelDefinition } from "../pipelines/project.ts";
import { inOrder, isTruthWanted, type LoggedPrediction, matcherOf } from "../serving/log/query.ts";
import { headOf } from "../serving/segment.ts";
import { type MemoryStores, memoryStores } from "./memory-stores.ts";
import { quietLog } from "./quiet-log.ts";

export interface MemoryPlatform {
  readonly stores: MemoryStores;
  /** The prediction log; tests put rows in. */
  readonly logged: LoggedPrediction[];
  readonly platform: Platform;
}

/** What stories about the change of champions need: stores in memory, a log that is a list, a clock that stands. */
export function memoryPlatform(
  model: Partial<ModelDefinition> = {},
  options: { readonly now?: number } = {},
): MemoryPlatform {
  const stores = memoryStores();
  const logged: LoggedPrediction[] = [];
  const definition = {
    datasets: { mails: { source: "mails.csv" } },
    models: { mail: { dataset: "mails", target: "is_spam", ...model } },
  };
  const read: Platform["predictions"]["read"] = async (query) => {
    const wanted = matcherOf(query);
    return logged.filter((p) => wanted(headOf(p)) && isTruthWanted(query, p));
  };
  const page: Platform["predictions"]["page"] = async (query) => ({
    predictions: (await read(query)).sort(inOrder(query.order ?? "newest")).slice(0, query.limit),
    next: undefined,
  });
  const platform = {
    ...stores,
    clock: { now: () => options.now ?? 1_000_000 },
    log: quietLog(),
    project: async () => ({ definition, code: "sha256:0", folder: "/" }),
    datasets: { find: async () => ({ schema: { columns: [{ name: "subject" }] } }) },
    predictions: { read, page },
  } as unknown as Platform;
  return { stores, logged, platform };
}

/**
 * Runs a pipeline's steps one after the other. What a step gives back goes through JSON, as after a restart. `dieAfter`: the
 * process dies when that step's work is done but not yet in the journal, so the step is done once more.
 */
export async function runPipeline<I, O>(
  pipeline: Pipeline<I, O>,
  input: I,
  options: {
    readonly runId?: string;
    readonly dieAfter?: string;
    /** What `fanOut` may start. */
    readonly children?: readonly Pipeline[];
  } = {},
): Promise<O> {
  const context = { signal: { aborted: false }, progress: () => {} };
  const steps: Steps = {
    runId: options.runId ?? "run_1",
    async step(name, body) {
      if (options.dieAfter === name) await body(context);
      const value = await body(context);
      return value === undefined ? value : JSON.parse(JSON.stringify(value));
    },
    waitFor: async () => undefined,
    sleep: async () => {},
    async fanOut<T>(name: string, child: string, inputs: readonly unknown[]) {
      const found = options.children?.find((known) => known.name === child);
      if (!found) throw new Error(`no pipeline '${child}' among the children of this test`);
      const outcomes: FanOutResult<T>[] = [];
      for (const [i, given] of inputs.entries())
        outcomes.push(await childOutcome<T>(found, given, `${steps.runId}.${name}.${i}`));
      return outcomes;
    },
  };
  return pipeline.run(steps, input);
}

async function childOutcome<T>(
  pipeline: Pipeline,
  input: unknown,
  runId: string,
): Promise<FanOutResult<T>> {
  try {
    const value = await runPipeline(pipeline, input as never, { runId });
    return { runId, ok: true, value: JSON.parse(JSON.stringify(value ?? null)) as T };
  } catch (error) {
    const code = error instanceof MillwrightError ? error.code : "internal";
    return { runId, ok: false, error: { code, message: (error as Error).message } };
  }
}
