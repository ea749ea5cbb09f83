import { MillwrightError } from "../../../errors.ts";
import type { Sql } from "../../../storage/sql/sql.ts";
import type { Verdict } from "../log/entry.ts";
import { CONTEXT_TAG, type DatasetInput, type ModelOutput } from "../tracked-run.ts";

/** What runs used and made. Repeating a call changes nothing; a refused one leaves no trace. */
export interface InputStore {
  /** A dataset is one of its experiment: the same name and digest is the same dataset, and what was said of it first stays. */
  log(
    run: string,
    inputs: { readonly datasets: readonly DatasetInput[]; readonly models: readonly string[] },
  ): Promise<Verdict>;
  outputs(run: string, models: readonly ModelOutput[]): Promise<Verdict>;
}

interface StateRow {
  readonly stage: string;
  readonly stranger: string | null;
  /** Datasets that another process added while the statement ran: it did not see them. */
  readonly unseen: number;
}

const TRIES = 5;

/** Runs and models of a call. `$1` the run's id, `$2` the models. */
const RUN_AND_MODELS = `
  run as materialized (
    select seq, experiment, lifecycle_stage from millwright.tracked_run where id = $1 for key share
  ), stranger as (
    select min(m.id) as id from unnest($2::text[]) m (id)
    where not exists (select from millwright.logged_model l where l.id = m.id)
  ), open as materialized (
    select seq, experiment from run, stranger where lifecycle_stage = 'active' and stranger.id is null
  )`;

export function inputStore(sql: Sql): InputStore {
  return {
    async log(run, { datasets, models }) {
      const unique = firstOfEach(datasets);
      const column = <T>(of: (input: DatasetInput) => T): T[] => unique.map(of);
      for (let attempt = 1; attempt <= TRIES; attempt++) {
        const rows = await sql.query<StateRow>(
          `with ${RUN_AND_MODELS}, given as materialized (
             select * from unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::jsonb[], $10::text[])
               g (name, digest, source_type, source, schema, profile, tags, context)
           ), old as materialized (
             select d.id, d.name, d.digest from given g join open on true
             join millwright.tracked_dataset d on d.experiment = open.experiment and d.name = g.name and d.digest = g.digest
           ), new as (
             insert into millwright.tracked_dataset (experiment, name, digest, source_type, source, schema, profile)
             select open.experiment, g.name, g.digest, g.source_type, g.source, g.schema, g.profile from given g, open
             where not exists (select from old where old.name = g.name and old.digest = g.digest)
             order by g.name, g.digest
             on conflict (experiment, name, digest) do nothing returning id, name, digest
           ), dataset as materialized (select * from old union all select * from new),
           used as (
             insert into millwright.run_dataset (run, dataset, tags, context)
             select open.seq, dataset.id, g.tags, g.context
             from open, given g join dataset on dataset.name = g.name and dataset.digest = g.digest
             order by dataset.id on conflict do nothing
           ), models as (
             insert into millwright.run_model (run, model, role)
             select open.seq, m.id, 'input' from open, unnest($2::text[]) m (id) order by m.id on conflict do nothing
           )
           select lifecycle_stage as stage, stranger.id as stranger,
             ((select count(*) from given, open) - (select count(*) from dataset))::integer as unseen
           from run, stranger`,
          [
            ...[run, models],
            column(({ dataset }) => dataset.name),
            column(({ dataset }) => dataset.digest),
            column(({ dataset }) => dataset.sourceType),
            column(({ dataset }) => dataset.source),
            column(({ dataset }) => dataset.schema ?? null),
            column(({ dataset }) => dataset.profile ?? null),
            column(({ tags }) => JSON.stringify(tags)),
            column(({ tags }) => tags.find(({ key }) => key === CONTEXT_TAG)?.value ?? null),
          ],
        );
        if ((rows[0]?.unseen ?? 0) === 0) return verdictOf(rows[0]);
      }
      throw new MillwrightError("unavailable", "Others add the same datasets; try again.");
    },
    async outputs(run, models) {
      const last = [...new Map(models.map(({ model, step }) => [model, step]))];
      const rows = await sql.query<Omit<StateRow, "unseen">>(
        `with ${RUN_AND_MODELS}, made as (
           insert into millwright.run_model (run, model, role, step)
           select open.seq, m.id, 'output', m.step from open, unnest($2::text[], $3::bigint[]) m (id, step)
           order by m.id on conflict (run, model, role) do update set step = excluded.step
         )
         select lifecycle_stage as stage, stranger.id as stranger from run, stranger`,
        [run, last.map(([model]) => model), last.map(([, step]) => step)],
      );
      return verdictOf(rows[0]);
    },
  };
}

/** Of a name and digest the first. */
function firstOfEach(inputs: readonly DatasetInput[]): DatasetInput[] {
  const first = new Map<string, DatasetInput>();
  for (const input of inputs) {
    const id = JSON.stringify([input.dataset.name, input.dataset.digest]);
    if (!first.has(id)) first.set(id, input);
  }
  return [...first.values()];
}

function verdictOf(row: Omit<StateRow, "unseen"> | undefined): Verdict {
  if (row === undefined) return { outcome: "no such run" };
  if (row.stage !== "active") return { outcome: "deleted" };
  return row.stranger === null
    ? { outcome: "kept" }
    : { outcome: "no such model", model: row.stranger };
}
