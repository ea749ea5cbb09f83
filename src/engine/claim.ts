import type { Sql } from "../storage/sql/sql.ts";
import { OPEN } from "./bookkeeping.ts";
import { type Candidate, chooseRuns, type QueueLimits } from "./choose-runs.ts";
import type { Resources } from "./engine.ts";
import { APPLICATION, JOURNAL_SCHEMA, QUEUE, queueInJournal, queueOf, VERSION } from "./journal.ts";
import { earnTokens, spendTokens } from "./queue-tokens.ts";
import { type RunRecord, type RunRow, toRun } from "./runs.ts";

/** Whoever claims has the only turn: limits are exact, and no two workers reach for the same runs. */
const CLAIM_LOCK = 6_245_990_004;
/** Shares looked at in one claim; the next one looks at those after them. */
const SHARES = 64;

export interface Claim {
  readonly queues: readonly string[];
  /** Runs of the first queue go first, whatever their priority. */
  readonly inOrder: boolean;
  readonly executorId: string;
  readonly token: string;
  readonly places: number;
  readonly has: Resources;
  readonly free: Resources;
  /** Runs of the queue in this process. */
  readonly running: (queue: string) => number;
  readonly limits: (queue: string) => QueueLimits | undefined;
  /** Last share looked at, of each queue by its name in the journal: where the next claim goes on. */
  readonly cursors: Map<string, string>;
  /** Shares that this process has taken from, the latest last. */
  readonly served: Map<string, true>;
}

/** A run that this process executes now. */
export interface ClaimedRun extends Candidate {
  /** Now running; undefined where its row is over already. */
  readonly run: RunRecord | undefined;
  readonly share: string;
  /** Of all claims of this run, which one this is. */
  readonly nth: number;
  /** The last number in its journal, -1 where there is none. */
  readonly journaled: number;
}

export type Claimed = readonly ClaimedRun[] | "taken";

interface Row {
  id: string;
  queue: string;
  cpu: number;
  memory: number;
  gpu: number;
  share: string;
  ord: number;
  priority: number;
  /** Runs of its share that would be going on with it. */
  turn: number;
  /** Runs of the queue that are going on, anywhere. */
  busy: number;
}

/**
 * Takes queued runs: marks them in the journal as executed by this process, as DBOS's own dequeue does (5.3), which knows neither
 * resources nor shares. Order: the worker's queues as it names them, priority, then the share that has the fewest runs going on, then
 * the one whose turn is longest ago, then age. `taken`: another worker claims at this moment.
 */
export function claimRuns(sql: Sql, claim: Claim): Promise<Claimed> {
  return sql.transact(async (tx) => {
    const [turn] = await tx.query<{ ours: boolean }>(
      `select pg_try_advisory_xact_lock($1) as ours, ${BY_INDEX}`,
      [CLAIM_LOCK],
    );
    if (!turn?.ours) return "taken";
    const rows = await candidates(tx, claim);
    if (rows.length === 0) return [];
    const limited = [...new Set(rows.map(({ queue }) => queue))];
    const tokens = await earnTokens(tx, limited, claim.limits);
    const busy = new Map(rows.map((row) => [row.queue, row.busy]));
    const chosen = chooseRuns(
      rows.map(({ id, queue, cpu, memory, gpu }) => ({ id, queue, needs: { cpu, memory, gpu } })),
      {
        places: claim.places,
        free: claim.free,
        left(queue) {
          const { concurrency, perWorker } = claim.limits(queue) ?? {};
          return least([
            concurrency && concurrency - (busy.get(queue) ?? 0),
            perWorker && perWorker - claim.running(queue),
            tokens.get(queue),
          ]);
        },
      },
    );
    if (chosen.length === 0) return [];
    const ours = await mark(tx, claim, chosen);
    await spendTokens(tx, ours, tokens);
    const shareOf = new Map(rows.map((row) => [row.id, shareKey(row)]));
    for (const { id } of ours) noteServed(claim.served, shareOf.get(id)!);
    return ours;
  });
}

/** Remembered; a share forgotten counts as one that has not been served for long. */
const MOST_SERVED = 10_000;

const shareKey = ({ queue, share }: Pick<Row, "queue" | "share">): string => `${queue} ${share}`;

function noteServed(served: Map<string, true>, key: string): void {
  served.delete(key);
  served.set(key, true);
  if (served.size <= MOST_SERVED) return;
  const [oldest] = served.keys();
  if (oldest !== undefined) served.delete(oldest);
}

/** Where as many runs of two shares go on (none, for a worker of one place), the one whose turn is longer ago comes first. */
function inTurn(rows: readonly Row[], served: ReadonlyMap<string, true>): Row[] {
  const when = new Map([...served.keys()].map((key, i) => [key, i + 1]));
  const rank = (row: Row) => when.get(shareKey(row)) ?? 0;
  // Stable: age decides in the end.
  return [...rows].sort(
    (a, b) => a.ord - b.ord || a.priority - b.priority || a.turn - b.turn || rank(a) - rank(b),
  );
}

const least = (limits: readonly (number | undefined)[]): number | undefined => {
  const known = limits.filter((limit) => limit !== undefined);
  return known.length === 0 ? undefined : Math.max(0, Math.floor(Math.min(...known)));
};

const CANDIDATE = `v.workflow_uuid, v.priority, v.created_at, v.queue_name, v.queue_partition_key,
        r.need_cpu, r.need_memory, r.need_gpu`;

/**
 * Everything is found by DBOS's partial indexes on (queue, status, …): the length of the queue does not matter. Of a long queue that is
 * new the planner has no statistics, believes it empty, and would as soon read and sort all of it.
 */
const BY_INDEX = ["enable_sort", "enable_seqscan", "enable_bitmapscan", "enable_hashjoin"]
  .map((setting) => `set_config('${setting}', 'off', true)`)
  .join(", ");

const CANDIDATES = `
with recursive
  queue as (select * from unnest($1::text[], $2::text[], $8::int[]) as q (name, after, ord)),
  share as (
    (select q.name, q.ord, 1 as n, (
       select queue_partition_key from ${JOURNAL_SCHEMA}.workflow_status
       where queue_name = q.name and status = 'ENQUEUED' and queue_partition_key > q.after
       order by queue_partition_key limit 1) as key
     from queue q)
    union all
    (select s.name, s.ord, s.n + 1, (
       select queue_partition_key from ${JOURNAL_SCHEMA}.workflow_status
       where queue_name = s.name and status = 'ENQUEUED' and queue_partition_key > s.key
       order by queue_partition_key limit 1)
     from share s where s.key is not null and s.n < ${SHARES})),
  going as (
    select w.queue_name, w.queue_partition_key as key, count(*) as n
    from ${JOURNAL_SCHEMA}.workflow_status w join millwright.run r on r.id = w.workflow_uuid
    where w.status = 'PENDING' and w.queue_name = any($1) and r.state <> 'waiting' group by 1, 2),
  fair as (
    select s.ord, w.*,
      row_number() over (partition by s.name, s.key order by w.priority, w.created_at, w.workflow_uuid) as nth
    from share s cross join lateral (
      select ${CANDIDATE} from ${JOURNAL_SCHEMA}.workflow_status v join millwright.run r on r.id = v.workflow_uuid
      where v.queue_name = s.name and v.status = 'ENQUEUED' and v.queue_partition_key = s.key
        and v.application_version = '${VERSION}' and v.application_name = '${APPLICATION}'
        and r.need_cpu <= $4 and r.need_memory <= $5 and r.need_gpu <= $6
      order by v.priority, v.created_at, v.workflow_uuid limit $3) w
    where s.key is not null),
  urgent as (
    select q.ord, w.*, $3::bigint as nth
    from queue q cross join lateral (
      select ${CANDIDATE} from ${JOURNAL_SCHEMA}.workflow_status v join millwright.run r on r.id = v.workflow_uuid
      where v.queue_name = q.name and v.status = 'ENQUEUED'
        and v.application_version = '${VERSION}' and v.application_name = '${APPLICATION}'
        and r.need_cpu <= $4 and r.need_memory <= $5 and r.need_gpu <= $6
      order by v.priority, v.created_at limit $3) w),
  first as (
    select distinct on (workflow_uuid) * from (select * from fair union all select * from urgent) as found
    order by workflow_uuid, nth)
select f.workflow_uuid as id, f.queue_name as queue, f.need_cpu as cpu, f.need_memory as memory, f.need_gpu as gpu,
  f.queue_partition_key as share, f.ord, f.priority, (coalesce(g.n, 0) + f.nth)::int as turn,
  coalesce((select sum(n)::int from going g where g.queue_name = f.queue_name), 0) as busy,
  (select max(key) from share s where s.name = f.queue_name and s.n = ${SHARES}) as last
from first f
left join going g on g.queue_name = f.queue_name and g.key is not distinct from f.queue_partition_key
order by f.ord, f.priority, coalesce(g.n, 0) + f.nth, f.created_at, f.workflow_uuid
limit $7`;

async function candidates(tx: Sql, claim: Claim): Promise<Row[]> {
  const names = claim.queues.map(queueInJournal);
  const { has, places, cursors } = claim;
  const rows = await tx.query<Row & { last: string | null }>(
    CANDIDATES,
    [
      ...[names, names.map((name) => cursors.get(name) ?? BEFORE_ALL)],
      ...[places, has.cpu, has.memory, has.gpu],
      // Some may be passed over: limits of their queue, resources that are not free now.
      4 * places + 2 * SHARES,
      names.map((_, i) => (claim.inOrder ? i : 0)),
    ],
    { prepare: true },
  );
  const last = new Map(rows.map((row) => [row.queue, row.last]));
  for (const name of names) {
    const at = last.get(name);
    if (at) cursors.set(name, at);
    else cursors.delete(name);
  }
  return inTurn(
    rows.map((row) => ({ ...row, queue: queueOf(row.queue) })),
    claim.served,
  );
}

/** Less than any share: in the journal they begin with `=` (`shareInJournal`). */
const BEFORE_ALL = "";

/** `coalesce`: by id, whatever the planner believes of how few are queued or open. */
async function mark(tx: Sql, claim: Claim, chosen: readonly Candidate[]): Promise<ClaimedRun[]> {
  const marked = await tx.query<RunRow & Marked>(
    `with taken as (
       update ${JOURNAL_SCHEMA}.workflow_status set status = 'PENDING', owner_xid = $2, executor_id = $3,
         started_at_epoch_ms = (extract(epoch from now()) * 1000)::bigint, rate_limited = false,
         recovery_attempts = recovery_attempts + 1, updated_at = (extract(epoch from now()) * 1000)::bigint
       where workflow_uuid = any($1) and coalesce(status, '') = 'ENQUEUED' returning *),
     begun as (
       update millwright.run r set state = 'running', started_at = coalesce(r.started_at, now())
       from taken t where r.id = t.workflow_uuid and coalesce(r.state, '') in ${OPEN} returning r.*)
     select b.*, t.workflow_uuid as claimed, t.queue_partition_key as "shareInJournal", t.recovery_attempts as nth,
       coalesce((select max(function_id) from ${JOURNAL_SCHEMA}.operation_outputs o where o.workflow_uuid = t.workflow_uuid), -1) as journaled
     from taken t left join begun b on b.id = t.workflow_uuid`,
    [chosen.map(({ id }) => id), claim.token, claim.executorId],
  );
  const ours = new Map(marked.map((row) => [row.claimed, row]));
  return chosen.flatMap((candidate) => {
    const row = ours.get(candidate.id);
    if (!row) return [];
    const { shareInJournal: share, nth, journaled } = row;
    return [{ ...candidate, run: row.id === null ? undefined : toRun(row), share, nth, journaled }];
  });
}

interface Marked {
  claimed: string;
  shareInJournal: string;
  nth: number;
  journaled: number;
}

/** Queues with runs that nobody has taken. */
export async function queuesInUse(sql: Sql): Promise<string[]> {
  const rows = await sql.query<{ name: string }>(
    `with recursive q as (
       (select min(queue_name) as name from ${JOURNAL_SCHEMA}.workflow_status
        where status = 'ENQUEUED' and queue_name >= '${QUEUE}' and queue_name < '${QUEUE}0')
       union all
       (select (select min(queue_name) from ${JOURNAL_SCHEMA}.workflow_status
          where status = 'ENQUEUED' and queue_name > q.name and queue_name < '${QUEUE}0')
        from q where q.name is not null))
     select name from q where name is not null`,
  );
  return rows.map(({ name }) => queueOf(name));
}

/** Runs that could not be started after all. */
export async function putBack(sql: Sql, ids: readonly string[], token: string): Promise<void> {
  await sql.query(
    `with back as (
       update ${JOURNAL_SCHEMA}.workflow_status set status = 'ENQUEUED', owner_xid = null, started_at_epoch_ms = null
       where workflow_uuid = any($1) and status = 'PENDING' and owner_xid = $2 returning workflow_uuid)
     update millwright.run set state = 'queued' where id in (select workflow_uuid from back) and state = 'running'`,
    [ids, token],
  );
}

/** To runs queued before there were shares. */
export async function giveShares(sql: Sql): Promise<void> {
  await sql.query(
    `update ${JOURNAL_SCHEMA}.workflow_status set queue_partition_key = '='
     where queue_name = '${QUEUE}' and status in ('ENQUEUED', 'PENDING') and queue_partition_key is null`,
  );
}
