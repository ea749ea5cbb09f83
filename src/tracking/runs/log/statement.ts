import { RUN_NAME_TAG } from "../tracked-run.ts";
import type { RunEntry } from "./entry.ts";
import type { IsNewest } from "./high-water.ts";

export interface LogStatement {
  readonly text: string;
  readonly parameters: readonly unknown[];
}

type Cell = number | string | boolean;
type Columns = readonly Cell[][];

/** What `logStatement` answers: a row for each entry that was refused, none for those that were kept. */
export interface RefusedRow {
  /** Index of the entry. */
  readonly call: number;
  /** null = there is no such run. */
  readonly stage: string | null;
  /** One that there is not. */
  readonly model: string | null;
  /** Of a param that has another value already. */
  readonly key: number | null;
  readonly kept: string | null;
  readonly given: string | null;
}

/** Whose key the statement fails on when a point said to be the newest was there already. */
export const POINTS_TABLE = "metric";

/** `sqlState` of the statement when somebody gave a param a value while it ran; the next attempt sees it. */
export const PARAM_RACE = "MW001";

/**
 * One statement that keeps or refuses every entry, each wholly: runs are locked against removal, points appended (an exact
 * repetition is the same point), latest metrics raised, params and tags set. Rows are written in the order of their keys, so
 * statements of several processes wait for each other instead of dead-locking. Parts that nobody needs are left out.
 *
 * @param numbers of every key of the entries.
 * @param isNewest such points are inserted without a look for equal ones; if there is one, the statement fails.
 */
export function logStatement(
  entries: readonly RunEntry[],
  numbers: ReadonlyMap<string, number>,
  isNewest: IsNewest,
): LogStatement {
  const parameters: unknown[] = [entries.map(({ run }) => run)];
  const unnest = (columns: Columns, types: readonly string[]): string =>
    `unnest(${types.map((type, i) => `$${parameters.push(columns[i])}::${type}[]`).join(", ")})`;
  const number = (name: string): number => numbers.get(name)!;
  const points = columns(entries, 6, ({ run, metrics }) =>
    metrics.map((m) => [number(m.key), m.value, m.timestamp, m.step, isNewest(run, m)]),
  );
  const ofModels = columns(entries, 8, ({ metrics }) =>
    metrics.flatMap((m) =>
      m.model === undefined
        ? []
        : [
            [
              ...[m.model, m.key, m.value, m.timestamp, m.step],
              ...[m.datasetName ?? "", m.datasetDigest ?? ""],
            ],
          ],
    ),
  );
  const params = columns(entries, 3, (entry) => entry.params.map((p) => [number(p.key), p.value]));
  const tags = columns(entries, 3, (entry) =>
    entry.tags.filter(hasEffect).map((t) => [number(t.key), t.value]),
  );
  const has = {
    points: !isEmpty(points),
    models: !isEmpty(ofModels),
    params: !isEmpty(params),
    tags: !isEmpty(tags),
  };
  const renames = entries.some((entry) =>
    entry.tags.some((t) => t.key === RUN_NAME_TAG && hasEffect(t)),
  );

  const parts: (string | false)[] = [
    `run as materialized (
       select seq, id, experiment, lifecycle_stage from millwright.tracked_run
       where id = any($1::text[]) order by seq for key share
     )`,
    `call as materialized (
       select (c.n - 1)::integer as n, run.seq, run.experiment, run.lifecycle_stage
       from unnest($1::text[]) with ordinality c (id, n) left join run on run.id = c.id
     )`,
    has.params &&
      `given as materialized (
         select g.call, call.seq as run, g.key, g.value
         from ${unnest(params, ["integer", "integer", "text"])} g (call, key, value) join call on call.n = g.call
       ), old as materialized (
         select g.call, g.run, g.key, o.value as kept, g.value as given
         from given g join millwright.param o on o.run = g.run and o.key = g.key
       ), changed as (select distinct on (call) call, key, kept, given from old where kept <> given order by call)`,
    has.models &&
      `measured as materialized (
         select * from ${unnest(ofModels, ["integer", "text", "text", "float8", "bigint", "bigint", "text", "text"])}
           m (call, model, key, value, timestamp, step, dataset_name, dataset_digest)
       ), stranger as (
         select call, min(model) as model from measured m
         where not exists (select from millwright.logged_model l where l.id = m.model) group by call
       )`,
    `kept as materialized (
       select n, seq, experiment from call where lifecycle_stage = 'active'
       ${has.params ? "and not exists (select from changed where changed.call = n)" : ""}
       ${has.models ? "and not exists (select from stranger where stranger.call = n)" : ""}
     )`,
    has.points &&
      `point as materialized (
         select k.seq as run, k.experiment, m.key, m.timestamp, m.step, m.value, m.is_newest
         from ${unnest(points, ["integer", "integer", "float8", "bigint", "bigint", "boolean"])}
           m (call, key, value, timestamp, step, is_newest)
         join kept k on k.n = m.call
       ), newest as (
         insert into millwright.metric (run, key, timestamp, step, value)
         select run, key, timestamp, step, value from point where is_newest
         order by run, key, timestamp, step, value
       ), older as (
         insert into millwright.metric (run, key, timestamp, step, value)
         select run, key, timestamp, step, value from point where not is_newest
         order by run, key, timestamp, step, value
         on conflict do nothing
       ), latest as (
         insert into millwright.latest_metric as l (run, key, experiment, value, timestamp, step)
         select distinct on (run, key) run, key, experiment, value, timestamp, step
         from point order by run, key, step desc, timestamp desc, value desc
         on conflict (run, key) do update
           set value = excluded.value, timestamp = excluded.timestamp, step = excluded.step
           where (excluded.step, excluded.timestamp, excluded.value) > (l.step, l.timestamp, l.value)
       )`,
    has.params &&
      `params as (
         insert into millwright.param as p (run, key, value)
         select distinct on (g.run, g.key) g.run, g.key, g.value
         from given g join kept on kept.n = g.call
         where not exists (select from old where old.run = g.run and old.key = g.key)
         order by g.run, g.key
         on conflict (run, key) do update
           set value = case when p.value = excluded.value then p.value else millwright.param_raced() end
       )`,
    has.models &&
      `of_models as (
         insert into millwright.logged_model_metric
           (model, run, key, timestamp, step, value, dataset_name, dataset_digest)
         select m.model, k.seq, m.key, m.timestamp, m.step, m.value, m.dataset_name, m.dataset_digest
         from measured m join kept k on k.n = m.call order by 1, 2, 3, 4, 5, 6, 7, 8
         on conflict do nothing
       )`,
    has.tags &&
      `tag as materialized (
         select distinct on (k.seq, t.key) k.seq as run, t.key, t.value
         from ${unnest(tags, ["integer", "integer", "text"])} with ordinality t (call, key, value, n)
         join kept k on k.n = t.call order by k.seq, t.key, t.n desc
       ), tags as (
         insert into millwright.run_tag as t (run, key, value) select run, key, value from tag order by run, key
         on conflict (run, key) do update set value = excluded.value where t.value <> excluded.value
       )`,
    renames &&
      `named as (
         update millwright.tracked_run r set name = tag.value
         from tag where tag.run = r.seq and tag.key = ${number(RUN_NAME_TAG)}
       )`,
  ];
  const text = `with ${parts.filter((part) => part !== false).join(", ")}
     select call.n as call, call.lifecycle_stage as stage,
       ${has.models ? "stranger.model" : "null::text as model"},
       ${has.params ? "changed.key, changed.kept, changed.given" : "null::integer as key, null::text as kept, null::text as given"}
     from call
     ${has.models ? "left join stranger on stranger.call = call.n" : ""}
     ${has.params ? "left join changed on changed.call = call.n" : ""}
     where not exists (select from kept where kept.n = call.n)`;
  return { text, parameters };
}

/** A run keeps its name when somebody sets it to nothing. */
const hasEffect = ({ key, value }: { readonly key: string; readonly value: string }): boolean =>
  key !== RUN_NAME_TAG || value !== "";

const isEmpty = (list: Columns): boolean => list[0]!.length === 0;

/** Rows of all entries as columns, the first being the index of the entry. */
function columns(
  entries: readonly RunEntry[],
  width: number,
  rowsOf: (entry: RunEntry) => readonly (readonly Cell[])[],
): Columns {
  const list: Cell[][] = Array.from({ length: width }, () => []);
  for (const [call, entry] of entries.entries())
    for (const row of rowsOf(entry)) {
      list[0]!.push(call);
      for (let i = 1; i < width; i++) list[i]!.push(row[i - 1]!);
    }
  return list;
}
