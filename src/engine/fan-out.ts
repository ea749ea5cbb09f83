import { setTimeout as sleep } from "node:timers/promises";
import { DBOSWorkflowCancelledError } from "@dbos-inc/dbos-sdk/internal/error";
import type { ErrorCode } from "../../sdk/src/contract/errors.ts";
import type { Json } from "../lib/json.ts";
import type { Sql } from "../storage/sql/sql.ts";
import type { FanOutResult, Pipeline, Placing, RunState } from "./engine.ts";
import { type Children, overOf } from "./fan-out-progress.ts";
import { type Placed, placed } from "./placing.ts";
import { insist } from "./runs.ts";
import type { NewRun, Parent } from "./submit.ts";

const FIRST_LOOK_MS = 30;
const LAST_LOOK_MS = 1000;
/** Outcomes read at once. */
const PAGE = 500;

/**
 * Ids are made of the run, the step's position in it and the place: the same at every replay. The name is there to be read. Children
 * take turns as their parent does; their queue is what the step says, else their pipeline, else the parent's.
 */
export async function childRuns(
  parent: Parent & { readonly position: number },
  pipeline: Pipeline,
  inputs: readonly unknown[],
  said: {
    readonly placing: Placing;
    readonly inherited: Pick<Placed, "queue" | "priority" | "share">;
  },
): Promise<NewRun[]> {
  const name = parent.step.replace(/[^A-Za-z0-9_-]+/g, "-").slice(0, 40);
  const stem = `${parent.id}.${parent.position}-${name}`;
  const { queue, ...turn } = said.inherited;
  const runs: NewRun[] = [];
  for (const [i, input] of inputs.entries()) {
    const own = (await pipeline.placing?.(input as never)) ?? {};
    const where = placed(said.placing, turn, own, { queue });
    runs.push({ id: `${stem}.${i}`, pipeline: pipeline.name, input, placed: where });
  }
  return runs;
}

/**
 * Returns when all children are over, whoever executed them. Nothing of this is in the journal: a run that is over stays as it is, so
 * after a restart the same looks give the same. Throws what DBOS throws when the parent is cancelled.
 */
export async function childrenOver(
  sql: Sql,
  parent: Parent,
  of: number,
  deps: { readonly stopping: AbortSignal; tell(children: Children): Promise<void> },
): Promise<void> {
  let told = "";
  for (let pause = FIRST_LOOK_MS; !deps.stopping.aborted; ) {
    const { state, ...children } = await insist(() => look(sql, parent));
    if (state === "cancelled") throw new DBOSWorkflowCancelledError(parent.id);
    if (overOf(children) >= of) return;
    const now = JSON.stringify(children);
    if (now !== told) await deps.tell(children).catch(() => {});
    pause =
      now === told ? Math.min(pause * 1.5, LAST_LOOK_MS) : Math.min(pause * 1.1, LAST_LOOK_MS);
    told = now;
    await sleep(pause, undefined, { signal: deps.stopping }).catch(() => {});
  }
}

async function look(sql: Sql, parent: Parent): Promise<Children & { readonly state: RunState }> {
  const [row] = await sql.query<
    Children & { state: RunState; meanMs: number | null; only: Children["only"] | null }
  >(
    `select (select state from millwright.run where id = $1) as state,
       count(*) filter (where state = 'succeeded') as succeeded,
       count(*) filter (where state = 'failed') as failed,
       count(*) filter (where state = 'cancelled') as cancelled,
       count(*) filter (where state = 'running') as running,
       count(*) filter (where state in ('queued', 'waiting')) as waiting,
       (1000 * extract(epoch from avg(finished_at - started_at)
         filter (where state in ('succeeded', 'failed'))))::float8 as "meanMs",
       case when count(*) = 1 then max(progress::text)::jsonb end as only
     from millwright.run where parent_id = $1 and parent_step = $2`,
    [parent.id, parent.step],
  );
  return { ...row!, meanMs: row!.meanMs ?? undefined, only: row!.only ?? undefined };
}

/** In the order of the inputs. */
export async function childOutcomes<T>(sql: Sql, parent: Parent): Promise<FanOutResult<T>[]> {
  const outcomes: FanOutResult<T>[] = [];
  for (;;) {
    const rows = await insist(() =>
      sql.query<Outcome>(
        `select id, state, output, error, error_code from millwright.run
         where parent_id = $1 and parent_step = $2 and place >= $3 order by place limit ${PAGE}`,
        [parent.id, parent.step, outcomes.length],
      ),
    );
    outcomes.push(...rows.map((row) => outcomeOf<T>(row)));
    if (rows.length < PAGE) return outcomes;
  }
}

interface Outcome {
  id: string;
  state: RunState;
  output: Json;
  error: string | null;
  error_code: string | null;
}

function outcomeOf<T>({ id: runId, state, output, error, error_code }: Outcome): FanOutResult<T> {
  if (state === "succeeded") return { runId, ok: true, value: (output ?? null) as T };
  const code = (state === "cancelled" ? "cancelled" : (error_code ?? "internal")) as ErrorCode;
  return { runId, ok: false, error: { code, message: error ?? "It was cancelled." } };
}
