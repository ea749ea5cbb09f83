/** Many callers of MLflow's API who remember what they were told, while the servers die under them. */
import { setTimeout as pause } from "node:timers/promises";
import type { Random } from "../../src/lib/random.ts";

export interface Batch {
  readonly run: string;
  /** Of all batches; the timestamp of its metrics, and in the names of its params and tags. */
  readonly number: number;
  readonly metrics: readonly { key: string; value: number; timestamp: number; step: number }[];
  readonly params: readonly { key: string; value: string }[];
  readonly tags: readonly { key: string; value: string }[];
  acknowledged: boolean;
}

/** What the callers sent, and what of it they were promised. */
export interface Story {
  readonly batches: Batch[];
  /** Ids of runs that were answered. */
  readonly created: Set<string>;
  /** Of params that several callers gave values of their own: what each was told is kept. */
  readonly contested: Map<string, Set<string>>;
  /** Answers that nobody should get. */
  readonly wrong: string[];
}

export const newStory = (): Story => ({
  ...{ batches: [], created: new Set(), contested: new Map(), wrong: [] },
});

/** Clients try these again; that a server is gone is no answer at all. */
const PASSING = new Set([429, 503, 504]);
/** Three for each run that is created: name, user and this one. */
export const RUN_TAGS = 3;

export interface Caller {
  readonly urls: readonly string[];
  readonly experiment: string;
  /** Shared with other callers. */
  readonly runs: readonly string[];
  readonly story: Story;
  readonly rng: Random;
  isOver(): boolean;
}

/** Calls one after the other until it is over. Half of what failed is tried again, as it was; the rest is left open. */
export async function storm(caller: Caller): Promise<void> {
  const { rng, story } = caller;
  while (!caller.isOver()) {
    const kind = rng.next();
    if (kind < 0.08) await create(caller);
    else if (kind < 0.16) await contest(caller);
    else {
      const size = kind < 0.4 ? 0 : kind < 0.6 ? 1 : 1 + rng.int(kind < 0.9 ? 30 : 400);
      const batch = newBatch(caller, size);
      story.batches.push(batch);
      batch.acknowledged = await insist(caller, ...sentAs(batch));
    }
  }
}

function newBatch({ runs, story, rng }: Caller, size: number): Batch {
  const number = story.batches.length + 1;
  const run = runs[rng.int(runs.length)]!;
  const metrics = Array.from({ length: size }, (_, i) => ({
    ...{ key: `m${rng.int(8)}`, value: rng.normal(), timestamp: number },
    // Not in order: neither of the two alone says what is latest. No point comes twice.
    step: rng.int(50) * 1000 + i,
  }));
  // One param alone, or what goes with metrics.
  const named = (what: string, count: number) =>
    Array.from({ length: count }, (_, i) => ({ key: `${what}${number}-${i}`, value: `${number}` }));
  const [params, tags] = size === 0 ? [1, 0] : size === 1 ? [0, 0] : [rng.int(4), rng.int(4)];
  return {
    ...{ run, number, metrics, acknowledged: false },
    ...{ params: named("p", params), tags: named("t", tags) },
  };
}

function sentAs({ run, metrics, params, tags }: Batch): [path: string, body: object] {
  const run_id = run;
  if (metrics.length === 0) return ["runs/log-parameter", { run_id, ...params[0] }];
  if (metrics.length === 1) return ["runs/log-metric", { run_id, ...metrics[0] }];
  return ["runs/log-batch", { run_id, metrics, params, tags }];
}

async function create(caller: Caller): Promise<void> {
  const { experiment, story, rng } = caller;
  const tags = ["user", "kind"].map((key) => ({ key, value: String(rng.int(1000)) }));
  const body = await ask(caller, "runs/create", { experiment_id: experiment, tags });
  if (typeof body === "object") story.created.add((body as CreatedRun).run.info.run_id);
}

interface CreatedRun {
  readonly run: { readonly info: { readonly run_id: string } };
}

async function contest(caller: Caller): Promise<void> {
  const { runs, story, rng } = caller;
  const [run_id, key, value] = [runs[0]!, `c${rng.int(60)}`, String(rng.int(5))];
  const body = await ask(caller, "runs/log-parameter", { run_id, key, value }, [400]);
  if (typeof body !== "object") return;
  const told = story.contested.get(`${run_id} ${key}`) ?? new Set();
  story.contested.set(`${run_id} ${key}`, told.add(value));
}

async function insist(caller: Caller, path: string, body: object): Promise<boolean> {
  for (;;) {
    if (typeof (await ask(caller, path, body)) === "object") return true;
    if (caller.isOver() || caller.rng.next() < 0.5) return false;
    await pause(20);
  }
}

/** The answer's body; its status when it is one of `also` or may pass; "gone" when there was none. */
async function ask(
  { urls, story, rng }: Caller,
  path: string,
  body: object,
  also: readonly number[] = [],
): Promise<unknown> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(`${urls[rng.int(urls.length)]}/api/2.0/mlflow/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    text = await response.text();
  } catch {
    await pause(20);
    return "gone";
  }
  if (response.status === 200) return JSON.parse(text);
  if (!PASSING.has(response.status) && !also.includes(response.status))
    story.wrong.push(`${path}: ${response.status} ${text.slice(0, 300)}`);
  return response.status;
}
