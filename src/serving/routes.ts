import { serving } from "../../sdk/src/contract/serving.ts";
import { MillwrightError } from "../errors.ts";
import type { HttpAnswer, HttpRequest, HttpRoute, RouteAbout } from "../http/http.ts";
import { mount } from "../http/mount.ts";
import type { ApiInfo } from "../http/openapi.ts";
import { METRICS_TYPE } from "../lib/render-metrics.ts";
import { answerRows, unlogged } from "./answer.ts";
import { giveFeedback } from "./give-feedback.ts";
import { decodeInvocation, encodeInvocation, readInvocation } from "./mlflow.ts";
import { describe } from "./open-inference/describe.ts";
import { assertReady } from "./open-inference/ready.ts";
import { type OpenInferenceDeps, openInferenceRoutes } from "./open-inference/routes.ts";
import { INFERENCE_SCHEMAS } from "./open-inference/schemas.ts";
import { predict } from "./predict.ts";
import { quickPredict } from "./quick-predict.ts";
import type { Route, RoutedVersion } from "./route.ts";
import { routeOf } from "./routing.ts";

export interface ServingDeps extends OpenInferenceDeps {
  /**
   * Takes over changed routes now, in every process of this gateway. Of a named model: the lowest revision that one of them
   * serves, 0 = none.
   */
  refresh(model?: string): Promise<number>;
  pause(ms: number): Promise<void>;
  /** Prometheus text, of all processes of this gateway. */
  metrics(): Promise<string>;
}

/** For the description of the API. */
export const gatewayApi = (version: string): ApiInfo => ({
  ...{ title: "Millwright gateway", version, schemas: INFERENCE_SCHEMAS },
  description:
    "Predictions: rows in, predictions out; the Open Inference Protocol v2 (also over gRPC); MLflow's scoring protocol.",
});

export const servingRoutes = (deps: ServingDeps): HttpRoute[] => [
  ...mount(
    serving,
    {
      async predict({ model, rows, version, explain }, { text, at, note }) {
        const wanted = version === undefined ? undefined : String(version);
        const answer = await predict(deps, {
          model,
          rows,
          version: wanted,
          explain,
          text,
          at,
          note,
        });
        return { model: answer.model, predictions: answerRows(answer), ...unlogged(answer) };
      },
      giveFeedback: ({ model, feedback }, { at }) => giveFeedback(deps, { model, feedback, at }),
      listRoutes: async () => ({ models: deps.routes.list().map(shown) }),
      async refreshRoutes({ model, revision, timeoutMs }, { at }) {
        for (;;) {
          const served = await deps.refresh(model);
          const route = model === undefined ? undefined : deps.routes.get(model);
          if (model === undefined || served >= (revision ?? 1))
            return { models: (route === undefined ? deps.routes.list() : [route]).map(shown) };
          if (deps.clock.now() - at > timeoutMs)
            throw new MillwrightError(
              "timeout",
              `Revision ${revision ?? 1} of ${model} is not served yet; this gateway serves ${served || "none"}. Its log says why.`,
            );
          await deps.pause(50);
        }
      },
    },
    { predict: quickPredict },
  ),
  ...openInferenceRoutes(deps),
  ...mlflow(deps),
  open("/health", "Whether the process answers.", () => ({ body: { status: "ok" } })),
  {
    ...open("/metrics", "Counters in the words of Prometheus.", async () => ({
      ...{ body: await deps.metrics(), type: METRICS_TYPE },
    })),
    about: () => ({
      summary: "Counters in the words of Prometheus.",
      answer: { "text/plain": { type: "string" } },
    }),
  },
];

/** https://mlflow.org/docs/latest/ml/deployment/deploy-model-locally/: one model a server; here the path, `?model=`, or the only one. */
function mlflow(deps: ServingDeps): HttpRoute[] {
  const invoke = async (request: HttpRequest): Promise<HttpAnswer> => {
    const { params, query, headers, at, note } = request;
    const body = readInvocation(request.body as Uint8Array | undefined, headers["content-type"]);
    const route = routeOf(deps.routes, params.name ?? query.model ?? onlyModel(deps));
    const known = await deps.models.input(route.champion, route.fields).catch(() => undefined);
    const rows = decodeInvocation(body, known?.signature);
    return { body: encodeInvocation(await predict(deps, { model: route.model, rows, at, note })) };
  };
  const post = (path: string, query: RouteAbout["query"] = {}): HttpRoute => ({
    ...{ method: "POST", path, raw: true, handle: invoke },
    about: () => ({ ...ABOUT_INVOCATIONS, query }),
  });
  const version = (): HttpAnswer => ({ body: deps.about.version, type: "text/plain" });
  return [
    post("/invocations", { model: { type: "string" } }),
    post("/models/{name}/invocations"),
    open("/ping", "Whether routes are known.", () => {
      assertReady(deps);
      return { body: { ready: true } };
    }),
    open("/version", "Version of this software.", version),
    {
      ...{ method: "GET", path: "/models/{name}/ping" },
      about: () => ({ summary: "Whether the model answers; loads it to know." }),
      async handle({ params }) {
        await describe(deps, { model: params.name! });
        return { body: { ready: true } };
      },
    },
    open("/models/{name}/version", "Version of this software.", version),
  ];
}

const ABOUT_INVOCATIONS: RouteAbout = {
  summary: "MLflow's scoring protocol. The model is that of the path, of ?model=, or the only one.",
  body: {
    "application/json": {
      type: "object",
      description: "Exactly one of dataframe_split, dataframe_records, instances, inputs.",
      properties: {
        dataframe_split: {
          type: "object",
          required: ["columns", "data"],
          properties: {
            columns: { type: "array", items: { type: "string" } },
            data: { type: "array", items: { type: "array" } },
          },
        },
        dataframe_records: { type: "array", items: { type: "object" } },
        instances: { type: "array" },
        inputs: { type: ["array", "object"] },
        params: { type: "object", description: "Not used." },
      },
    },
    "text/csv": { type: "string", description: "With a header line; RFC 4180." },
  },
  answer: {
    "application/json": {
      type: "object",
      required: ["predictions"],
      properties: {
        predictions: { type: ["array", "object"], description: "null where the model abstains." },
        ids: { type: "array", items: { type: "string" }, description: "For feedback." },
        outputs: { type: "array", items: { type: "array", items: { type: "number" } } },
        version: { type: "integer" },
      },
    },
  },
};

const open = (path: string, summary: string, handle: HttpRoute["handle"]): HttpRoute => ({
  ...{ method: "GET", path, access: "open", handle },
  about: () => ({ summary }),
});

function onlyModel({ routes }: ServingDeps): string {
  const [first, ...others] = routes.list();
  if (first !== undefined && others.length === 0) return first.model;
  throw new MillwrightError(
    "invalid_input",
    `${routes.size} models are deployed here: say which with ?model=, or use /models/{name}/invocations.`,
  );
}

const shown = ({ model, champion, shadow, split, fallback, deadlineMs, revision }: Route) => ({
  model,
  ...(champion === undefined ? {} : { champion: version(champion) }),
  ...(shadow === undefined ? {} : { shadow: version(shadow) }),
  ...(split === undefined ? {} : { split: split.kind }),
  ...(fallback === undefined ? {} : { fallback: [...fallback] }),
  ...(deadlineMs === undefined ? {} : { deadlineMs }),
  revision,
});

const version = ({ id, number, onnx }: RoutedVersion) => ({ id, number, onnx });
