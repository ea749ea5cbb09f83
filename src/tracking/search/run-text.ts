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
  `(select string_agg(concat_ws(' ', v.key, to_json(v.value)), E'\\n') from millwright.${table} v where v.run = r.seq)`;

/** The columns of `RunTextRow`, for runs under the name `r`. */
export const RUN_TEXTS = `r.seq,
  (select string_agg(concat_ws(' ', v.key, v.value, v.timestamp, v.step), E'\\n')
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

/**
 * Beginnings of entries, `{"key":"loss","value":`, by the number of the key as text. What is not there is noted in `missing`, and the text is then
 * of no use.
 */
export interface KeyTexts {
  readonly begin: ReadonlyMap<string, string>;
  readonly missing: Set<string>;
}

export const keyText = (name: string): string => `{"key":${JSON.stringify(name)},"value":`;

export function runText(run: RunRow, row: RunTextRow | undefined, keys: KeyTexts): string {
  const data = fields({
    metrics: list(row?.metrics, keys, metricEnd),
    params: list(row?.params, keys, (value) => value),
    tags: list(row?.tags, keys, (value) => value),
  });
  const inputs = fields({ dataset_inputs: row?.datasets, model_inputs: row?.input_models });
  const outputs = fields({ model_outputs: row?.output_models });
  const info = JSON.stringify(runInfoWire(runOfRow(run)));
  return `{"info":${info},"data":${data},"inputs":${inputs},"outputs":${outputs}}`;
}

/** A line is the number of a key, a space and the rest. */
function list(
  text: string | null | undefined,
  { begin, missing }: KeyTexts,
  endOf: (rest: string) => string,
): string | undefined {
  if (!text) return undefined;
  let json = "[";
  for (let at = 0; at < text.length; ) {
    const space = text.indexOf(" ", at);
    const found = text.indexOf("\n", space);
    const end = found < 0 ? text.length : found;
    const key = text.slice(at, space);
    const name = begin.get(key);
    if (name === undefined) missing.add(key);
    json += `${at === 0 ? "" : ","}${name}${endOf(text.slice(space + 1, end))}}`;
    at = end + 1;
  }
  return `${json}]`;
}

/** As JSON has it: NaN, Infinity and -Infinity are texts. */
function metricEnd(rest: string): string {
  const [value, timestamp, step] = rest.split(" ") as [string, string, string];
  const isNumber = value.charCodeAt(value.length - 1) <= NINE;
  return `${isNumber ? value : `"${value}"`},"timestamp":${timestamp},"step":${step}`;
}

const NINE = "9".charCodeAt(0);

/** An object of those that are there. */
const fields = (of: Readonly<Record<string, string | null | undefined>>): string =>
  `{${Object.entries(of)
    .filter(([, json]) => json)
    .map(([name, json]) => `"${name}":${json}`)
    .join(",")}}`;
