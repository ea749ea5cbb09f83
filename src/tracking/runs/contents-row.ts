import type { Tag } from "../experiments/experiment.ts";
import type { DatasetInput, RunContents } from "./tracked-run.ts";

type Keyed = readonly [key: number, value: string];

/** What `CONTENTS` selects. Lists come as JSON arrays: one value to read instead of a row each. */
export interface ContentsRow {
  /** NaN and infinities are texts. */
  readonly metrics:
    | readonly [key: number, value: number | string, timestamp: number, step: number][]
    | null;
  readonly params: readonly Keyed[] | null;
  readonly tags: readonly Keyed[] | null;
  readonly datasets:
    | readonly [
        name: string,
        digest: string,
        sourceType: string,
        source: string,
        schema: string | null,
        profile: string | null,
        tags: readonly Tag[],
      ][]
    | null;
  readonly models: readonly [role: "input" | "output", model: string, step: number][] | null;
}

/** Columns of a select over runs under the name `r`. Each is one walk over the start of a primary key. */
export const CONTENTS = `
  (select json_agg(json_build_array(m.key, m.value, m.timestamp, m.step))
   from millwright.latest_metric m where m.run = r.seq) as metrics,
  (select json_agg(json_build_array(p.key, p.value)) from millwright.param p where p.run = r.seq) as params,
  (select json_agg(json_build_array(t.key, t.value)) from millwright.run_tag t where t.run = r.seq) as tags,
  (select json_agg(json_build_array(d.name, d.digest, d.source_type, d.source, d.schema, d.profile, i.tags) order by d.id)
   from millwright.run_dataset i join millwright.tracked_dataset d on d.id = i.dataset where i.run = r.seq) as datasets,
  (select json_agg(json_build_array(m.role, m.model, m.step) order by m.step, m.model)
   from millwright.run_model m where m.run = r.seq) as models`;

/** Numbers of all keys the row speaks of. */
export const keysOf = ({ metrics, params, tags }: ContentsRow): number[] =>
  [metrics, params, tags].flatMap((list) => (list ?? []).map(([key]) => key));

/** @param names of every key in the row. */
export function contentsOf(row: ContentsRow, names: ReadonlyMap<number, string>): RunContents {
  const named = ([key, value]: Keyed): Tag => ({ key: names.get(key)!, value });
  const models = row.models ?? [];
  return {
    metrics: (row.metrics ?? []).map(([key, value, timestamp, step]) => ({
      ...{ key: names.get(key)!, value: Number(value), timestamp, step },
    })),
    params: (row.params ?? []).map(named),
    tags: (row.tags ?? []).map(named),
    datasets: (row.datasets ?? []).map(
      ([name, digest, sourceType, source, schema, profile, tags]): DatasetInput => ({
        dataset: {
          ...{ name, digest, sourceType, source },
          schema: schema ?? undefined,
          profile: profile ?? undefined,
        },
        tags,
      }),
    ),
    inputModels: models.flatMap(([role, model]) => (role === "input" ? [model] : [])),
    outputModels: models.flatMap(([role, model, step]) =>
      role === "output" ? [{ model, step }] : [],
    ),
  };
}
