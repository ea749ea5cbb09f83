import { MillwrightError } from "../../errors.ts";
import type { HttpAnswer, HttpRequest, HttpRoute, RouteAbout } from "../../http/http.ts";
import { readJson } from "../../lib/read-json.ts";
import { utf8Text } from "../../lib/utf8.ts";
import type { PredictDeps } from "../predict.ts";
import { routeOf, servedVersions } from "../routing.ts";
import { answerInference } from "./answer-inference.ts";
import { describe } from "./describe.ts";
import { decodeInfer, encodeInfer, JSON_LENGTH } from "./infer-http.ts";
import { loadNow } from "./load-now.ts";
import { modelConfig } from "./model-config.ts";
import { assertReady } from "./ready.ts";
import { repositoryIndex } from "./repository.ts";
import { json, jsonAndBytes, jsonList, jsonObject } from "./schemas.ts";
import { serverMetadata, UNSUPPORTED, unsupportedText } from "./server-metadata.ts";
import { modelStatistics, type Statistics } from "./statistics.ts";

export interface OpenInferenceDeps extends PredictDeps {
  /** Name and version of this software. */
  readonly about: { readonly name: string; readonly version: string };
  readonly statistics: Statistics;
  /** True when the routes are known, from the database or from the snapshot. */
  ready(): boolean;
}

/** https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md, and extensions of Triton's. */
export function openInferenceRoutes(deps: OpenInferenceDeps): HttpRoute[] {
  const inferHttp = async (asking: HttpRequest): Promise<HttpAnswer> => {
    const { params, headers, body, at, note } = asking;
    const model = params.name!;
    const { version } = params;
    const length = headers[JSON_LENGTH];
    const bare = length !== undefined && Number(length) === 0;
    const metadata = bare ? (await describe(deps, { model, version })).metadata : undefined;
    const request = decodeInfer(body as Uint8Array | undefined, length, metadata);
    // Field by field, here and below this: V8 adds fields behind a spread one by one, at a microsecond each time.
    const answer = await answerInference(deps, { model, version, request, at, note });
    return encodeInfer(answer, request);
  };
  const described = ({ params }: HttpRequest) =>
    describe(deps, { model: params.name!, version: params.version });
  const ofModel = ["/v2/models/{name}", "/v2/models/{name}/versions/{version}"];
  return [
    {
      ...get("/v2/health/live", "Whether the process answers.", jsonObject({ live: FLAG }), () => ({
        body: { live: true },
      })),
      access: "open",
    },
    {
      ...get("/v2/health/ready", "Whether routes are known.", jsonObject({ ready: FLAG }), () => {
        assertReady(deps);
        return { body: { ready: true } };
      }),
      access: "open",
    },
    {
      ...get("/v2", "Name, version and protocol extensions.", json("ServerMetadata"), () => ({
        body: serverMetadata(deps.about),
      })),
      access: "open",
    },
    get("/v2/models", "Names of the models.", jsonObject({ models: NAMES }), () => ({
      body: { models: deps.routes.list().map(({ model }) => model) },
    })),
    get("/v2/models/stats", "Counts of every version.", json("ModelStatistics"), () => ({
      body: modelStatistics(deps.statistics, deps.routes.list()),
    })),
    ...ofModel.flatMap((path) => [
      get(path, "What the model takes and gives.", json("ModelMetadata"), async (request) => ({
        body: (await described(request)).metadata,
      })),
      get(
        `${path}/ready`,
        "Whether the model answers; loads it to know.",
        jsonObject({ name: NAME, ready: FLAG }),
        async (request) => {
          const { metadata } = await described(request);
          return { body: { name: metadata.name, ready: true } };
        },
      ),
      get(
        `${path}/config`,
        "The model in the words of Triton's model configuration.",
        jsonObject({ name: NAME }),
        async (request) => {
          const { metadata, signature } = await described(request);
          return { body: modelConfig(metadata, signature) };
        },
      ),
      get(`${path}/stats`, "Counts of the model.", json("ModelStatistics"), ({ params }) => {
        const route = routeOf(deps.routes, params.name!);
        return { body: modelStatistics(deps.statistics, [route], params.version) };
      }),
      post(
        `${path}/infer`,
        {
          summary: "Answers tensors. The answer leaves when it is in the prediction log on disk.",
          body: jsonAndBytes("InferRequest"),
          answer: jsonAndBytes("InferResponse"),
        },
        inferHttp,
      ),
    ]),
    ...repository(deps),
    ...UNSUPPORTED.map(({ extension, method, path }): HttpRoute => {
      const refuse = (): HttpAnswer => {
        throw new MillwrightError("unsupported", unsupportedText(extension));
      };
      const summary = `The ${extension} extension is not supported: always refused.`;
      return { method, path, raw: method === "POST", about: () => ({ summary }), handle: refuse };
    }),
  ];
}

const FLAG = { type: "boolean" };
const NAME = { type: "string" };
const NAMES = { type: "array", items: NAME };

function repository(deps: OpenInferenceDeps): HttpRoute[] {
  return [
    post(
      "/v2/repository/index",
      {
        summary: "Which versions are in memory. Body: `ready`, to leave out those that are not.",
        answer: jsonList("ModelIndexEntry"),
      },
      ({ body }) => {
        const { ready } = readOptions(body);
        return { body: repositoryIndex(deps.routes, deps.models, ready === true) };
      },
    ),
    post(
      "/v2/repository/models/{name}/load",
      { summary: "Brings the model into memory now. Routes stay as they are.", answer: DONE },
      async ({ params, body }) => {
        refuseOverrides(readOptions(body).parameters);
        await loadNow(deps, { model: params.name! });
        return {};
      },
    ),
    post(
      "/v2/repository/models/{name}/unload",
      {
        summary:
          "Takes the model out of memory. Routes stay as they are: the next request loads it.",
        answer: DONE,
      },
      ({ params }) => {
        servedVersions(routeOf(deps.routes, params.name!)).forEach(deps.models.unload);
        return {};
      },
    ),
  ];
}

const DONE = jsonObject({});

function readOptions(body: unknown): Readonly<Record<string, unknown>> {
  const bytes = body as Uint8Array | undefined;
  const given = bytes === undefined || bytes.length === 0 ? {} : readJson(utf8Text(bytes));
  if (typeof given === "object" && given !== null) return given as Record<string, unknown>;
  throw new MillwrightError("invalid_input", "The body must be a JSON object.");
}

/** Triton can be sent a model or its configuration with the request. */
export function refuseOverrides(parameters: unknown): void {
  if (typeof parameters !== "object" || parameters === null) return;
  const [name] = Object.keys(parameters);
  if (name === undefined) return;
  throw new MillwrightError(
    "unsupported",
    `parameters.${name.slice(0, 100)}: a model is loaded as it is registered; it takes no files or configuration from here. Import a new version instead.`,
  );
}

const get = (
  path: string,
  summary: string,
  answer: RouteAbout["answer"] & {},
  handle: HttpRoute["handle"],
): HttpRoute => ({ method: "GET", path, about: () => ({ summary, answer }), handle });
const post = (path: string, about: RouteAbout, handle: HttpRoute["handle"]): HttpRoute => ({
  ...{ method: "POST", path, raw: true, about: () => about, handle },
});
