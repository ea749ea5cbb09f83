import type { Json } from "../lib/json.ts";
import type { Sql } from "../storage/sql/sql.ts";
import type { Engine } from "./engine.ts";
import { nextTick } from "./recurrence.ts";

export interface Schedule {
  readonly name: string;
  readonly pipeline: string;
  /** See `nextTick`: `day`, `6h`, `0 4 * * 1` … */
  readonly every: string;
  readonly input: Json;
}

export type StoredSchedule = Schedule & {
  readonly nextAt: number;
  readonly lastAt: number | undefined;
};

/**
 * Schedules live in the database: they survive restarts, and whichever process ticks claims what is due. Ticks missed while
 * nobody lived become one run, not many. The run of a tick has an id made of name and tick, so it exists once whatever crashes.
 */
export function schedules(sql: Sql, submit: Engine["submit"]) {
  return {
    /** Adds or changes; an unchanged `every` keeps its next tick. Throws `invalid_config` when `every` cannot be read. */
    async put(schedule: Schedule, nowMs: number): Promise<void> {
      const nextAt = new Date(nextTick(schedule.every, nowMs));
      await sql.query(
        `insert into millwright.schedule as s (name, pipeline, every, input, next_at) values ($1, $2, $3, $4, $5)
         on conflict (name) do update set pipeline = excluded.pipeline, every = excluded.every, input = excluded.input,
           next_at = case when s.every = excluded.every then s.next_at else excluded.next_at end`,
        [schedule.name, schedule.pipeline, schedule.every, JSON.stringify(schedule.input), nextAt],
      );
    },

    async remove(name: string): Promise<void> {
      await sql.query("delete from millwright.schedule where name = $1", [name]);
    },

    async list(): Promise<StoredSchedule[]> {
      const rows = await sql.query<Row>("select * from millwright.schedule order by name");
      return rows.map((row) => ({
        name: row.name,
        pipeline: row.pipeline,
        every: row.every,
        input: row.input,
        nextAt: row.next_at,
        lastAt: row.last_at ?? undefined,
      }));
    },

    /** Starts what is due at `nowMs`; returns the ids of the runs. */
    async tick(nowMs: number): Promise<string[]> {
      const due = await sql.query<{ name: string }>(
        "select name from millwright.schedule where next_at <= $1 order by next_at",
        [new Date(nowMs)],
      );
      const started: string[] = [];
      for (const { name } of due) {
        const id = await sql.transact((tx) => fire(tx, name, nowMs, submit));
        if (id) started.push(id);
      }
      return started;
    },
  };
}

export type Schedules = ReturnType<typeof schedules>;

interface Row {
  name: string;
  pipeline: string;
  every: string;
  input: Json;
  next_at: number;
  last_at: number | null;
}

async function fire(
  tx: Sql,
  name: string,
  nowMs: number,
  submit: Engine["submit"],
): Promise<string | undefined> {
  const [row] = await tx.query<Row>(
    "select * from millwright.schedule where name = $1 and next_at <= $2 for update skip locked",
    [name, new Date(nowMs)],
  );
  if (!row) return undefined;
  // Submitted before the claim is committed: a crash in between repeats it under the same id.
  const id = await submit(row.pipeline, row.input, { id: `run_${row.name}_${row.next_at}` });
  await tx.query("update millwright.schedule set next_at = $2, last_at = $3 where name = $1", [
    name,
    new Date(nextTick(row.every, nowMs)),
    new Date(row.next_at),
  ]);
  return id;
}
