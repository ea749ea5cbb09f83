import type { Sql } from "../storage/sql/sql.ts";
import type { Event } from "./event.ts";

const APPEND_LOCK = 6_245_990_003;
/** A handler that keeps failing on one event is left behind after this many tries. */
const MAX_FAILURES = 20;

/**
 * The durable list of what happened. This is how things flow backwards in the life cycle (drift → retrain, review → label):
 * the one who notices appends, `pipelines/triggers.ts` says what it starts.
 */
export function eventLog(sql: Sql) {
  const read = async (
    from: Sql,
    filter: {
      after?: number;
      types?: readonly string[];
      subject?: string;
      limit?: number;
      latest?: boolean;
    },
  ): Promise<Event[]> =>
    from.query<Event & Record<string, unknown>>(
      `select id, type, subject, payload, at from millwright.event
       where id > $1 and ($2::text[] is null or type = any($2)) and ($3::text is null or subject = $3)
       order by id ${filter.latest ? "desc" : "asc"} limit $4`,
      [filter.after ?? 0, filter.types ?? null, filter.subject ?? null, filter.limit ?? 100],
    );

  const follow = (consumers: readonly string[]): Promise<unknown> =>
    sql.query(
      `insert into millwright.event_consumer (name, last_id)
       select name, (select coalesce(max(id), 0) from millwright.event) from unnest($1::text[]) name
       on conflict (name) do nothing`,
      [consumers],
    );

  return {
    /**
     * Give the transaction of the fact itself as `within`: then both are there, or neither. One lock orders all appends, so
     * that a reader never sees event 8 before event 7: keep such transactions short, and append last. One statement, so that
     * the lock is kept until the event is there also where `within` is no transaction.
     */
    async append(event: Omit<Event, "id">, within: Sql = sql): Promise<number> {
      const [row] = await within.query<{ id: number }>(
        `with turn as (select pg_advisory_xact_lock($1))
         insert into millwright.event (type, subject, payload, at)
         select $2::text, $3::text, $4::jsonb, $5::timestamptz from turn returning id`,
        [APPEND_LOCK, event.type, event.subject, JSON.stringify(event.payload), new Date(event.at)],
      );
      return row!.id;
    },

    /** In the order of happening; `latest`: the other way round. At most `limit` (100). */
    read: (filter: Parameters<typeof read>[1] = {}) => read(sql, filter),

    /** New consumers get what happens from now on: call it before the process lets anything happen. Known ones stay where they are. */
    follow,

    /**
     * Hands each new event of these types to `handle`, one after the other, once per consumer name (again if the process dies
     * in between: handlers must be repeatable, e.g. submit under an id made of the event's). Who has not called `follow` starts
     * with the first call. Returns how many were handled; 0 also when another process is at it.
     * A handler's error stops here and is tried again at the next call; after 20 tries the event is left behind, with the
     * error kept in `event_consumer`.
     */
    async consume(
      consumer: string,
      types: readonly string[],
      handle: (event: Event) => Promise<void>,
    ): Promise<number> {
      const consumed = await sql.transact(async (tx) => {
        const [at] = await tx.query<{ last_id: number; failures: number }>(
          "select last_id, failures from millwright.event_consumer where name = $1 for update skip locked",
          [consumer],
        );
        if (!at) return undefined;
        const move = (id: number, failures: number, error: string | null) =>
          tx.query(
            "update millwright.event_consumer set last_id = $2, failures = $3, last_error = coalesce($4, last_error) where name = $1",
            [consumer, id, failures, error],
          );
        let { last_id: last, failures } = at;
        let handled = 0;
        for (const event of await read(tx, { after: last, types })) {
          try {
            await handle(event);
          } catch (error) {
            failures += 1;
            const leave = failures >= MAX_FAILURES;
            await move(leave ? event.id : last, leave ? 0 : failures, String(error));
            return handled;
          }
          last = event.id;
          failures = 0;
          handled += 1;
        }
        if (handled > 0) await move(last, 0, null);
        return handled;
      });
      // Another process is at it, or nobody has followed yet.
      if (consumed === undefined) await follow([consumer]);
      return consumed ?? 0;
    },
  };
}

export type EventLog = ReturnType<typeof eventLog>;
