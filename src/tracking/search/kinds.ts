import type { EntityRule, KeyRule, Operator, SearchKind } from "./kind.ts";

const NUMERIC: readonly Operator[] = ["=", "!=", ">", ">=", "<", "<="];
const TEXT: readonly Operator[] = ["=", "!=", "LIKE", "ILIKE"];
const LISTS: readonly Operator[] = ["IN", "NOT IN"];
const PRESENCE: readonly Operator[] = ["IS NULL", "IS NOT NULL"];

const number = { value: "number", operators: NUMERIC, orderable: true } as const;
const text = (...more: readonly (readonly Operator[])[]): KeyRule => ({
  value: "text",
  operators: [...TEXT, ...more.flat()],
  orderable: true,
});
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
        ...{ run_id: text(LISTS), run_name: text(LISTS), status: text(LISTS) },
        ...{ user_id: text(LISTS), artifact_uri: text(LISTS) },
        ...{ start_time: number, end_time: number },
      },
      aliases: {
        ...{ "run name": "run_name", "Run name": "run_name", "Run Name": "run_name" },
        ...{ created: "start_time", Created: "start_time" },
      },
    },
    METRICS,
    open("param", PARAM_PREFIXES, text(PRESENCE, LISTS)),
    open("tag", TAG_PREFIXES, text(PRESENCE, LISTS)),
    {
      ...{ entity: "dataset", prefixes: ["dataset", "datasets"] },
      keys: {
        name: onlyFilter(text(LISTS)),
        digest: onlyFilter(text(LISTS)),
        context: onlyFilter(text(LISTS)),
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
    open("tag", TAG_PREFIXES, onlyFilter(text(PRESENCE))),
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

/** Their order_by are objects: `modelOrder` of `logged-models/search.ts`. */
export const LOGGED_MODELS: SearchKind = {
  name: "logged models",
  entities: [
    {
      ...{ entity: "attribute", prefixes: ["attribute", "attributes"], bare: true },
      keys: {
        ...{ name: text(LISTS), model_id: text(LISTS), model_type: text(LISTS) },
        ...{ status: text(LISTS), source_run_id: text(LISTS) },
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
    open("param", PARAM_PREFIXES, text(LISTS)),
    open("tag", TAG_PREFIXES, text(LISTS)),
  ],
};

const matched = (...more: readonly (readonly Operator[])[]): KeyRule =>
  onlyFilter(text(["RLIKE"], ...more));

export const TRACES: SearchKind = {
  name: "traces",
  entities: [
    {
      ...{ entity: "attribute", prefixes: ["attribute", "attributes", "trace"], bare: true },
      keys: {
        ...{ timestamp_ms: number, execution_time_ms: number, end_time_ms: number },
        ...{ request_id: text(["RLIKE"], LISTS), status: text(["RLIKE"], LISTS) },
        ...{ name: text(["RLIKE"], LISTS, PRESENCE), run_id: text(["RLIKE"], LISTS, PRESENCE) },
        client_request_id: matched(LISTS),
        prompt: matched(PRESENCE),
        text: { value: "text", operators: ["LIKE", "ILIKE"], orderable: false },
        experiment_id: onlyOrder("number"),
      },
      aliases: {
        ...{ timestamp: "timestamp_ms", end_time: "end_time_ms" },
        ...{ execution_time: "execution_time_ms", trace_id: "request_id" },
      },
    },
    open("tag", TAG_PREFIXES, text(["RLIKE"], PRESENCE)),
    open("metadata", ["request_metadata", "metadata"], text(["RLIKE"], PRESENCE)),
    {
      ...{ entity: "span", prefixes: ["span"] },
      keys: {
        ...{ name: matched(LISTS), type: matched(LISTS), status: matched(LISTS) },
        content: { value: "text", operators: ["LIKE", "ILIKE"], orderable: false },
      },
      open: { prefix: "attributes.", rule: matched(LISTS) },
    },
    open("feedback", ["feedback"], matched(PRESENCE)),
    open("expectation", ["expectation"], matched(PRESENCE)),
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
