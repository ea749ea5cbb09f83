import { runInfoWire } from "../runs/run-wire.ts";
import { type RunRow, runOfRow } from "../runs/store.ts";

/**
 * Runs as the text of MLflow's JSON. A page of a thousand holds some 45,000 metrics, params and tags: PostgreSQL writes their
 * values as text, and here only the names are put before them. What `runWire` makes of parsed rows is the same JSON.
 */
export interface RunTextRow {
  readonly seq: number;
  /** Lines of number of the key, value, timestamp and step. */
  readonly metrics: string | null;
  /** Lines of number of the key and the value as JSON, which has no line breaks. */
  readonly params: string | null;
  readonly tags: string | null;
  /** JSON. */
  readonly datasets: string | null;
  readonly input_models: string | null;
  readonly output_models: string | null;
}

const keyed = (table: string): string =>
  `(select string_agg(v.key || ' ' || to_json(v.value)::text, E'\\n') from millwright.${table} v where v.run = r.seq)`;

/** The columns of `RunTextRow`, for runs under the name `r`. */
export const RUN_TEXTS = `r.seq,
  (select string_agg(v.key || ' ' || v.value || ' ' || v.timestamp || ' ' || v.step, E'\\n')
   from millwright.latest_metric v where v.run = r.seq) as metrics,
  ${keyed("param")} as params,
  ${keyed("run_tag")} as tags,
  (select json_agg(json_strip_nulls(json_build_object('tags', case when i.tags <> '[]' then i.tags end, 'dataset', json_build_object(
     'name', d.name, 'digest', d.digest, 'source_type', d.source_type, 'source', d.source, 'schema', d.schema, 'profile', d.profile)))
     order by d.id)::text
   from millwright.run_dataset i join millwright.tracked_dataset d on d.id = i.dataset where i.run = r.seq) as datasets,
  (select json_agg(json_build_object('model_id', m.model) order by m.step, m.model)::text
   from millwright.run_model m where m.run = r.seq and m.role = 'input') as input_models,
  (select json_agg(json_build_object('model_id', m.model, 'step', m.step) order by m.step, m.model)::text
   from millwright.run_model m where m.run = r.seq and m.role = 'output') as output_models`;

const lines = (text: string | null): string[] => (text === null ? [] : text.split("\n"));
const keyOf = (line: string): number => Number(line.slice(0, line.indexOf(" ")));

export function keysOfTexts(rows: readonly RunTextRow[]): Set<number> {
  const keys = new Set<number>();
  for (const { metrics, params, tags } of rows)
    for (const text of [metrics, params, tags])
      for (const line of lines(text)) keys.add(keyOf(line));
  return keys;
}

/** @param names of every key of the row, as JSON. */
export function runText(
  run: RunRow,
  row: RunTextRow | undefined,
  names: ReadonlyMap<number, string>,
): string {
  const metric = (line: string): string => {
    const [key, value, timestamp, step] = line.split(" ") as [string, string, string, string];
    // As JSON has it: NaN, Infinity and -Infinity are texts.
    const shown = /\d$/.test(value) ? value : `"${value}"`;
    return `{"key":${names.get(Number(key))},"value":${shown},"timestamp":${timestamp},"step":${step}}`;
  };
  const pair = (line: string): string =>
    `{"key":${names.get(keyOf(line))},"value":${line.slice(line.indexOf(" ") + 1)}}`;
  const list = (text: string | null | undefined, of: (line: string) => string) =>
    text ? `[${lines(text).map(of).join(",")}]` : undefined;
  const data = fields({
    metrics: list(row?.metrics, metric),
    params: list(row?.params, pair),
    tags: list(row?.tags, pair),
  });
  const inputs = fields({ dataset_inputs: row?.datasets, model_inputs: row?.input_models });
  const outputs = fields({ model_outputs: row?.output_models });
  const info = JSON.stringify(runInfoWire(runOfRow(run)));
  return `{"info":${info},"data":${data},"inputs":${inputs},"outputs":${outputs}}`;
}

/** An object of those that are there. */
const fields = (of: Readonly<Record<string, string | null | undefined>>): string =>
  `{${Object.entries(of)
    .filter(([, json]) => json)
    .map(([name, json]) => `"${name}":${json}`)
    .join(",")}}`;
