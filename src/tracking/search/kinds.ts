import type { EntityRule, KeyRule, Operator, SearchKind } from "./kind.ts";

const NUMERIC: readonly Operator[] = ["=", "!=", ">", ">=", "<", "<="];
const TEXT: readonly Operator[] = ["=", "!=", "LIKE", "ILIKE"];
const LISTS: readonly Operator[] = ["IN", "NOT IN"];
const PRESENCE: readonly Operator[] = ["IS NULL", "IS NOT NULL"];

const number = { value: "number", operators: NUMERIC, orderable: true } as const;
const text = (...more: readonly Operator[][]): KeyRule =>
  ({ value: "text", operators: [...TEXT, ...more.flat()], orderable: true }) as const;
const lists = [...LISTS];
const presence = [...PRESENCE];
const onlyOrder = (value: KeyRule["value"]): KeyRule => ({ value, operators: [], orderable: true });
const onlyFilter = (rule: KeyRule): KeyRule => ({ ...rule, orderable: false });

const open = (entity: string, prefixes: readonly string[], rule: KeyRule): EntityRule => ({
  ...{ entity, prefixes, open: { prefix: "", rule } },
});
const METRICS = open("metric", ["metric", "metrics"], number);
const PARAM_PREFIXES = ["parameter", "parameters", "param", "params"];
const TAG_PREFIXES = ["tag", "tags"];
const ATTRIBUTE_PREFIXES = ["attribute", "attributes", "attr", "run"];

/** IN on other attributes than run_id, and on params and tags, is ours; MLflow refuses it. */
export const RUNS: SearchKind = {
  name: "runs",
  entities: [
    {
      ...{ entity: "attribute", prefixes: ATTRIBUTE_PREFIXES, bare: true },
      keys: {
        ...{ run_id: text(lists), run_name: text(lists), status: text(lists) },
        ...{ user_id: text(lists), artifact_uri: text(lists) },
        ...{ start_time: number, end_time: number },
      },
      aliases: {
        ...{ "run name": "run_name", "Run name": "run_name", "Run Name": "run_name" },
        ...{ created: "start_time", Created: "start_time" },
      },
    },
    METRICS,
    open("param", PARAM_PREFIXES, text(presence, lists)),
    open("tag", TAG_PREFIXES, text(presence, lists)),
    {
      ...{ entity: "dataset", prefixes: ["dataset", "datasets"] },
      keys: {
        name: onlyFilter(text(lists)),
        digest: onlyFilter(text(lists)),
        context: onlyFilter(text(lists)),
      },
    },
  ],
};

export const EXPERIMENTS: SearchKind = {
  name: "experiments",
  entities: [
    {
      ...{ entity: "attribute", prefixes: ["attribute"], bare: true },
      keys: {
        ...{ name: text(), creation_time: number, last_update_time: number },
        experiment_id: onlyOrder("number"),
      },
    },
    { ...open("tag", TAG_PREFIXES, onlyFilter(text(presence))) },
  ],
};

export const REGISTERED_MODELS: SearchKind = {
  name: "registered models",
  entities: [
    {
      ...{ entity: "attribute", prefixes: ["attribute"], bare: true },
      keys: {
        ...{ name: text(), creation_timestamp: onlyOrder("number") },
        last_updated_timestamp: onlyOrder("number"),
      },
      aliases: { timestamp: "last_updated_timestamp" },
    },
    open("tag", TAG_PREFIXES, onlyFilter(text())),
  ],
};

export const MODEL_VERSIONS: SearchKind = {
  name: "model versions",
  entities: [
    {
      ...{ entity: "attribute", prefixes: ["attribute"], bare: true },
      keys: {
        ...{ name: text(), version_number: number },
        run_id: onlyFilter(text(["IN"])),
        source_path: onlyFilter(text()),
        creation_timestamp: onlyOrder("number"),
        last_updated_timestamp: onlyOrder("number"),
      },
    },
    open("tag", TAG_PREFIXES, onlyFilter(text())),
  ],
};

/** Their order_by are objects; `ORDER_FIELDS` of `logged-models/search.ts`. */
export const LOGGED_MODELS: SearchKind = {
  name: "logged models",
  entities: [
    {
      ...{ entity: "attribute", prefixes: ["attribute", "attributes"], bare: true },
      keys: {
        ...{ name: text(lists), model_id: text(lists), model_type: text(lists) },
        ...{ status: text(lists), source_run_id: text(lists) },
        ...{ creation_timestamp: number, last_updated_timestamp: number },
      },
      aliases: {
        creation_time: "creation_timestamp",
        last_updated_time: "last_updated_timestamp",
        ...{ creation_timestamp_ms: "creation_timestamp" },
        last_updated_timestamp_ms: "last_updated_timestamp",
      },
    },
    METRICS,
    open("param", PARAM_PREFIXES, text(lists)),
    open("tag", TAG_PREFIXES, text(lists)),
  ],
};

const matched = (...more: readonly Operator[][]): KeyRule => onlyFilter(text(["RLIKE"], ...more));

export const TRACES: SearchKind = {
  name: "traces",
  entities: [
    {
      ...{ entity: "attribute", prefixes: ["attribute", "attributes", "trace"], bare: true },
      keys: {
        ...{ timestamp_ms: number, execution_time_ms: number, end_time_ms: number },
        ...{ request_id: text(["RLIKE"], lists), status: text(["RLIKE"], lists) },
        ...{ name: text(["RLIKE"], lists, presence), run_id: text(["RLIKE"], lists, presence) },
        client_request_id: matched(lists),
        prompt: matched(presence),
        text: { value: "text", operators: ["LIKE", "ILIKE"], orderable: false },
        experiment_id: onlyOrder("number"),
      },
      aliases: {
        ...{ timestamp: "timestamp_ms", end_time: "end_time_ms" },
        ...{ execution_time: "execution_time_ms", trace_id: "request_id" },
      },
    },
    open("tag", TAG_PREFIXES, text(["RLIKE"], presence)),
    open("metadata", ["request_metadata", "metadata"], text(["RLIKE"], presence)),
    {
      ...{ entity: "span", prefixes: ["span"] },
      keys: {
        ...{ name: matched(lists), type: matched(lists), status: matched(lists) },
        content: { value: "text", operators: ["LIKE", "ILIKE"], orderable: false },
      },
      open: { prefix: "attributes.", rule: matched(lists) },
    },
    open("feedback", ["feedback"], matched(presence)),
    open("expectation", ["expectation"], matched(presence)),
    {
      ...{ entity: "issue", prefixes: ["issue"] },
      keys: { id: { value: "text", operators: ["="], orderable: false } },
    },
  ],
};

export const EVALUATION_DATASETS: SearchKind = {
  name: "evaluation datasets",
  entities: [
    {
      ...{ entity: "attribute", prefixes: ["attribute", "attributes"], bare: true },
      keys: {
        ...{ name: text(), created_time: number, last_update_time: number },
        ...{ created_by: onlyFilter(text()), last_updated_by: onlyFilter(text()) },
      },
    },
    open("tag", TAG_PREFIXES, onlyFilter(text())),
  ],
};

const equal: KeyRule = { value: "text", operators: ["=", "!="], orderable: false };

export const ISSUES: SearchKind = {
  name: "issues",
  entities: [
    {
      ...{ entity: "attribute", prefixes: ["attribute"], bare: true },
      keys: { status: equal, source_run_id: equal },
    },
  ],
};
