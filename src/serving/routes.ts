import { serving } from "../../sdk/src/contract/serving.ts";
import { MillwrightError } from "../errors.ts";
import type { HttpAnswer, HttpRequest, HttpRoute } from "../http/http.ts";
import { mount } from "../http/mount.ts";
import { METRICS_TYPE } from "../lib/render-metrics.ts";
import { answerRows } from "./answer.ts";
import { giveFeedback } from "./give-feedback.ts";
import { decodeInvocation, encodeInvocation } from "./mlflow.ts";
import { assertReady } from "./open-inference/ready.ts";
import { type OpenInferenceDeps, openInferenceRoutes } from "./open-inference/routes.ts";
import { predict } from "./predict.ts";
import { quickPredict } from "./quick-predict.ts";
import type { Route, RoutedVersion } from "./route.ts";
import { routeOf } from "./routing.ts";

export interface ServingDeps extends OpenInferenceDeps {
  /** Takes over changed routes now. */
  refresh(): Promise<void>;
  pause(ms: number): Promise<void>;
  /** Prometheus text. */
  metrics(): Promise<string>;
}

export const servingRoutes = (deps: ServingDeps): HttpRoute[] => [
  ...mount(
    serving,
    {
      async predict({ model, rows, version, explain }, { at, note }) {
        const wanted = version === undefined ? undefined : String(version);
        const answer = await predict(deps, { model, rows, version: wanted, explain, at, note });
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
    },
    { predict: quickPredict },
  ),
  ...openInferenceRoutes(deps),
  ...mlflow(deps),
  open("/health", () => ({ body: { status: "ok" } })),
  open("/metrics", async () => ({ body: await deps.metrics(), type: METRICS_TYPE })),
];

/** https://mlflow.org/docs/latest/ml/deployment/deploy-model-locally/: one model a server; here the path, `?model=`, or the only one. */
function mlflow(deps: ServingDeps): HttpRoute[] {
  const invoke = async ({ params, query, body, at, note }: HttpRequest): Promise<HttpAnswer> => {
    const route = routeOf(deps.routes, params.name ?? query.model ?? onlyModel(deps));
    const { signature } = await deps.models.input(route.champion, route.fields);
    const rows = decodeInvocation(body, signature);
    return { body: encodeInvocation(await predict(deps, { model: route.model, rows, at, note })) };
  };
  return [
    { method: "POST", path: "/invocations", handle: invoke },
    { method: "POST", path: "/models/{name}/invocations", handle: invoke },
    open("/ping", () => {
      assertReady(deps);
      return { body: { ready: true } };
    }),
    open("/version", () => ({ body: deps.about.version, type: "text/plain" })),
  ];
}

const open = (path: string, handle: () => HttpAnswer | Promise<HttpAnswer>): HttpRoute => ({
  method: "GET",
  path,
  access: "open",
  handle,
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
