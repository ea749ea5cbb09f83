import type { Sql } from "../storage/sql/sql.ts";
import type { Candidate, QueueLimits } from "./choose-runs.ts";

/**
 * Rates of starts as token buckets: at most `starts` at once, refilled evenly over the period. Read and written within a claim, which
 * has the only turn.
 */
export async function earnTokens(
  tx: Sql,
  queues: readonly string[],
  limits: (queue: string) => QueueLimits | undefined,
): Promise<ReadonlyMap<string, number>> {
  const rated = queues.flatMap((queue) => {
    const rate = limits(queue)?.rate;
    return rate ? [{ queue, ...rate }] : [];
  });
  if (rated.length === 0) return new Map();
  const rows = await tx.query<{ queue: string; tokens: number }>(
    `insert into millwright.queue_tokens as t (queue, tokens, filled_at)
     select queue, starts, now() from unnest($1::text[], $2::float8[], $3::float8[]) as given (queue, starts, period)
     on conflict (queue) do update set filled_at = now(), tokens = (
       select least(starts, t.tokens + starts * 1000 * extract(epoch from now() - t.filled_at) / period)
       from unnest($1::text[], $2::float8[], $3::float8[]) as given (queue, starts, period) where given.queue = t.queue)
     returning queue, tokens`,
    [
      rated.map(({ queue }) => queue),
      rated.map(({ starts }) => starts),
      rated.map(({ periodMs }) => periodMs),
    ],
  );
  return new Map(rows.map(({ queue, tokens }) => [queue, tokens]));
}

export async function spendTokens(
  tx: Sql,
  started: readonly Candidate[],
  rated: ReadonlyMap<string, number>,
): Promise<void> {
  const spent = started.map(({ queue }) => queue).filter((queue) => rated.has(queue));
  if (spent.length === 0) return;
  await tx.query(
    `update millwright.queue_tokens t set tokens = tokens - n
     from (select queue, count(*) as n from unnest($1::text[]) as queue group by 1) as s where s.queue = t.queue`,
    [spent],
  );
}
