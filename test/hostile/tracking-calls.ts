/** Good calls of MLflow's API, to be spoilt field by field. `$run`, `$experiment`, `$model` and `$trace` stand for ids. */
export interface GoodCall {
  readonly method: string;
  readonly path: string;
  /** A query where the method is GET. */
  readonly body: Readonly<Record<string, unknown>>;
}

const of = (method: string, version: number) => (path: string, body: object) =>
  ({ method, path: `/api/${version}.0/mlflow${path}`, body }) as GoodCall;
const [post, get, patch, remove] = [of("POST", 2), of("GET", 2), of("PATCH", 2), of("DELETE", 2)];
const post3 = of("POST", 3);

const tag = { key: "k", value: "v" };
const point = { key: "m", value: 1, timestamp: 1, step: 0 };
const page = { max_results: 5, page_token: "" };

export const GOOD_CALLS: readonly GoodCall[] = [
  post("/experiments/create", { name: "n", artifact_location: "", tags: [tag] }),
  get("/experiments/get", { experiment_id: "$experiment" }),
  get("/experiments/get-by-name", { experiment_name: "hostile" }),
  post("/experiments/search", { filter: "name = 'a'", order_by: ["name"], ...page }),
  post("/experiments/update", { experiment_id: "$experiment", new_name: "hostile" }),
  post("/experiments/set-experiment-tag", { experiment_id: "$experiment", ...tag }),
  post("/experiments/delete-experiment-tag", { experiment_id: "$experiment", key: "none" }),
  post("/experiments/search-datasets", { experiment_ids: ["$experiment"] }),
  post("/runs/create", {
    ...{ experiment_id: "$experiment", user_id: "u", run_name: "r", start_time: 1, tags: [tag] },
  }),
  get("/runs/get", { run_id: "$run" }),
  post("/runs/update", { run_id: "$run", status: "RUNNING", end_time: 2, run_name: "r" }),
  post("/runs/log-metric", { run_id: "$run", ...point }),
  post("/runs/log-parameter", { run_id: "$run", key: "p", value: "v" }),
  post("/runs/set-tag", { run_id: "$run", ...tag }),
  post("/runs/delete-tag", { run_id: "$run", key: "none" }),
  post("/runs/log-batch", { run_id: "$run", metrics: [point], params: [], tags: [tag] }),
  post("/runs/log-model", { run_id: "$run", model_json: '{"run_id":"$run","artifact_path":"a"}' }),
  post("/runs/log-inputs", {
    run_id: "$run",
    datasets: [
      {
        tags: [tag],
        dataset: { name: "d", digest: "1", source_type: "s", source: "s", schema: "", profile: "" },
      },
    ],
    models: [{ model_id: "$model" }],
  }),
  post("/runs/search", {
    experiment_ids: ["$experiment"],
    filter: "metrics.m > 1 and params.p = 'a' and tags.k like '%b%'",
    order_by: ["metrics.m DESC", "params.p"],
    run_view_type: "ALL",
    ...page,
  }),
  get("/metrics/get-history", { run_id: "$run", metric_key: "m", ...page }),
  get("/metrics/get-history-bulk", { run_id: "$run", metric_key: "m", max_results: 5 }),
  get("/metrics/get-history-bulk-interval", { run_ids: "$run", metric_key: "m", max_results: 5 }),
  get("/artifacts/list", { run_id: "$run", path: "a", page_token: "" }),
  post("/logged-models", {
    ...{ experiment_id: "$experiment", name: "l", model_type: "t", source_run_id: "$run" },
    ...{ params: [tag], tags: [tag] },
  }),
  get("/logged-models/$model", {}),
  patch("/logged-models/$model/tags", { tags: [tag] }),
  post("/logged-models/$model/params", { params: [tag] }),
  post("/logged-models/search", {
    experiment_ids: ["$experiment"],
    filter: "metrics.m > 1 and name = 'l'",
    order_by: [{ field_name: "metrics.m", ascending: true, dataset_name: "d", dataset_digest: "" }],
    datasets: [{ dataset_name: "d", dataset_digest: "1" }],
    ...page,
  }),
  post("/registered-models/create", { name: "new", description: "d", tags: [tag] }),
  get("/registered-models/get", { name: "reg" }),
  patch("/registered-models/update", { name: "reg", description: "d" }),
  get("/registered-models/search", { filter: "name like '%a%'", order_by: "name ASC", ...page }),
  post("/registered-models/set-tag", { name: "reg", ...tag }),
  post("/registered-models/alias", { name: "reg", alias: "best", version: "1" }),
  get("/registered-models/alias", { name: "reg", alias: "best" }),
  post("/registered-models/get-latest-versions", { name: "reg", stages: ["Production"] }),
  post("/model-versions/create", {
    ...{ name: "reg", source: "mlflow-artifacts:/0/a", run_id: "$run", description: "d" },
    ...{ run_link: "", tags: [tag], model_id: "" },
  }),
  get("/model-versions/get", { name: "reg", version: "1" }),
  get("/model-versions/search", { filter: "name='reg'", order_by: "name", ...page }),
  post("/model-versions/set-tag", { name: "reg", version: "1", ...tag }),
  post("/model-versions/transition-stage", {
    ...{ name: "reg", version: "1", stage: "Staging", archive_existing_versions: false },
  }),
  get("/model-versions/get-download-uri", { name: "reg", version: "1" }),
  remove("/model-versions/delete-tag", { name: "reg", version: "1", key: "none" }),
  post("/webhooks", {
    ...{ name: "w", description: "d", url: "https://example.org/", secret: "s" },
    ...{ events: [{ entity: "MODEL_VERSION", action: "CREATED" }], status: "ACTIVE" },
  }),
  post3("/traces", {
    trace: {
      trace_info: {
        trace_id: "tr-00000000000000000000000000000001",
        trace_location: {
          type: "MLFLOW_EXPERIMENT",
          mlflow_experiment: { experiment_id: "$experiment" },
        },
        ...{ request_time: "2026-01-01T00:00:00Z", execution_duration: "1s", state: "OK" },
        ...{ request_preview: "a", response_preview: "b", client_request_id: "c" },
        ...{ trace_metadata: { a: "b" }, tags: { a: "b" } },
      },
    },
  }),
  post3("/traces/search", {
    locations: [{ type: "MLFLOW_EXPERIMENT", mlflow_experiment: { experiment_id: "$experiment" } }],
    ...{
      filter: "tag.a = 'b' and span.name rlike 'a.*'",
      order_by: ["timestamp_ms DESC"],
      ...page,
    },
  }),
  post3("/traces/tr-00000000000000000000000000000001/assessments", {
    assessment: {
      ...{ assessment_name: "a", rationale: "r", create_time: "2026-01-01T00:00:00Z" },
      source: { source_type: "HUMAN", source_id: "me" },
      feedback: { value: 1 },
    },
  }),
  post3("/datasets/create", { name: "set", experiment_ids: ["$experiment"], tags: "{}" }),
  post3("/issues/search", { experiment_id: "$experiment", filter_string: "status = 'a'", ...page }),
];

/** The same calls, each with one field spoilt: every leaf, list and object in turn. */
export function* spoilt(call: GoodCall, value: unknown): Generator<GoodCall> {
  for (const path of pathsOf(call.body)) yield { ...call, body: withAt(call.body, path, value) };
  const parts = call.path.split("/");
  for (const [i, part] of parts.entries())
    if (/^(\$|tr-)/.test(part) && typeof value === "string") {
      const changed = parts.with(i, encodeURIComponent(value.toWellFormed()));
      yield { ...call, path: changed.join("/") };
    }
}

type Path = readonly (string | number)[];

function* pathsOf(value: unknown, at: Path = []): Generator<Path> {
  if (at.length > 0) yield at;
  if (typeof value === "object" && value !== null)
    for (const [key, inner] of Object.entries(value))
      yield* pathsOf(inner, [...at, Array.isArray(value) ? Number(key) : key]);
}

function withAt<T>(whole: T, [key, ...rest]: Path, value: unknown): T {
  if (key === undefined) return value as T;
  const copy = (Array.isArray(whole) ? [...whole] : { ...whole }) as Record<
    string | number,
    unknown
  >;
  copy[key] = withAt(copy[key], rest, value);
  return copy as T;
}
