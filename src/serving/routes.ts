import { serving } from "../../sdk/src/contract/serving.ts";
import { MillwrightError } from "../errors.ts";
import type { HttpAnswer, HttpRequest, HttpRoute } from "../http/http.ts";
import { mount } from "../http/mount.ts";
import { answerRows } from "./answer.ts";
import { giveFeedback } from "./give-feedback.ts";
import { infer } from "./infer.ts";
import { decodeInvocation, encodeInvocation } from "./mlflow.ts";
import { decodeInfer, describeModel, encodeInfer } from "./open-inference.ts";
import { type PredictDeps, predict } from "./predict.ts";
import type { Route, RoutedVersion } from "./route.ts";
import { decide, routeOf } from "./routing.ts";

export interface ServingDeps extends PredictDeps {
  /** Name and version of this software. */
  readonly about: { readonly name: string; readonly version: string };
  /** True when the routes are known, from the database or from the snapshot. */
  ready(): boolean;
  /** Takes over changed routes now. */
  refresh(): Promise<void>;
  pause(ms: number): Promise<void>;
  /** Prometheus text. */
  metrics(): string;
}

export const servingRoutes = (deps: ServingDeps): HttpRoute[] => [
  ...mount(serving, {
    async predict({ model, rows, version, explain }, { at }) {
      const wanted = version === undefined ? undefined : String(version);
      const answer = await predict(deps, { model, rows, version: wanted, explain, at });
      return { model: answer.model, predictions: answerRows(answer) };
    },
    giveFeedback: ({ model, feedback }, { at }) => giveFeedback(deps, { model, feedback, at }),
    listRoutes: async () => ({ models: deps.routes.list().map(shown) }),
    async refreshRoutes({ model, revision, timeoutMs }, { at }) {
      for (;;) {
        await deps.refresh();
        const route = model === undefined ? undefined : deps.routes.get(model);
        if (model === undefined || (route?.revision ?? 0) >= (revision ?? 1))
          return { models: (route === undefined ? deps.routes.list() : [route]).map(shown) };
        if (deps.clock.now() - at > timeoutMs)
          throw new MillwrightError(
            "timeout",
            `Revision ${revision ?? 1} of ${model} is not served yet; this gateway serves ${route?.revision ?? "none"}. Its log says why.`,
          );
        await deps.pause(50);
      }
    },
  }),
  ...openInference(deps),
  ...mlflow(deps),
  open("/health", () => ({ body: { status: "ok" } })),
  open("/metrics", () => ({ body: deps.metrics(), type: "text/plain; version=0.0.4" })),
];

/** https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md */
function openInference(deps: ServingDeps): HttpRoute[] {
  const inferHttp = async ({ params, body, at }: HttpRequest): Promise<HttpAnswer> => {
    const request = decodeInfer(body);
    const answer = await infer(deps, { model: params.name!, version: params.version, request, at });
    return { body: encodeInfer(answer) };
  };
  const describe = async ({ params }: HttpRequest): Promise<HttpAnswer> => {
    const route = routeOf(deps.routes, params.name!);
    const { version } = decide(route, params.version);
    const { signature } = await deps.models.input(version, route.fields);
    return { body: describeModel(route, signature) };
  };
  const modelReady = async ({ params }: HttpRequest): Promise<HttpAnswer> => {
    const route = routeOf(deps.routes, params.name!);
    await deps.models.input(decide(route, params.version).version, route.fields);
    return { body: { name: route.model, ready: true } };
  };
  return [
    open("/v2/health/live", () => ({ body: { live: true } })),
    open("/v2/health/ready", () => readiness(deps)),
    open("/v2", () => ({ body: { ...deps.about, extensions: [] } })),
    ...["/v2/models/{name}", "/v2/models/{name}/versions/{version}"].flatMap(
      (path): HttpRoute[] => [
        { method: "GET", path, handle: describe },
        { method: "GET", path: `${path}/ready`, handle: modelReady },
        { method: "POST", path: `${path}/infer`, handle: inferHttp },
      ],
    ),
  ];
}

/** https://mlflow.org/docs/latest/ml/deployment/deploy-model-locally/: one model a server; here the path, `?model=`, or the only one. */
function mlflow(deps: ServingDeps): HttpRoute[] {
  const invoke = async ({ params, query, body, at }: HttpRequest): Promise<HttpAnswer> => {
    const route = routeOf(deps.routes, params.name ?? query.model ?? onlyModel(deps));
    const { signature } = await deps.models.input(route.champion, route.fields);
    const rows = decodeInvocation(body, signature);
    return { body: encodeInvocation(await predict(deps, { model: route.model, rows, at })) };
  };
  return [
    { method: "POST", path: "/invocations", handle: invoke },
    { method: "POST", path: "/models/{name}/invocations", handle: invoke },
    open("/ping", () => readiness(deps)),
    open("/version", () => ({ body: deps.about.version, type: "text/plain" })),
  ];
}

const open = (path: string, handle: () => HttpAnswer): HttpRoute => ({
  method: "GET",
  path,
  access: "open",
  handle,
});

function readiness(deps: ServingDeps): HttpAnswer {
  if (deps.ready()) return { body: { ready: true } };
  throw new MillwrightError(
    "unavailable",
    "No routes yet: the database has not answered and there is no snapshot.",
  );
}

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
