import { z } from "zod";
import type { HttpAnswer, HttpRequest, HttpRoute } from "../../http/http.ts";
import { artifactPath, joinPath } from "../../storage/artifacts/artifact-path.ts";
import { invalidParameter, mlflowError } from "../mlflow/errors.ts";
import { absent, readFields, text } from "../mlflow/fields.ts";
import { pageToken, readPageToken } from "../mlflow/page-token.ts";
import { rpc, rpcRoutes } from "../mlflow/rpc.ts";
import { answerFile } from "./answer-file.ts";
import { fileInfos } from "./file-info.ts";
import { inPlainWords } from "./in-plain-words.ts";
import { type LocateDeps, locateArtifacts } from "./locate-artifacts.ts";

/** Of one answer of `artifacts/list`. */
const PAGE = 10_000;
const MAX_UPLOAD = 10 * 2 ** 20;

/** Artifacts by what they belong to: a run, a logged model, a registered version. */
export function artifactRoutes(deps: LocateDeps): HttpRoute[] {
  /** The path is checked before anything is looked up. */
  const answer = async (
    uriOf: () => Promise<string>,
    given: string,
    { headers }: HttpRequest,
  ): Promise<HttpAnswer> => {
    const said = artifactPath(given);
    const { artifacts, path } = await locateArtifacts(deps, await uriOf());
    return answerFile({ artifacts, path: joinPath(path, said) }, { said, headers });
  };

  const list = async (
    uriOf: () => Promise<string>,
    given: string | undefined,
    token?: string,
  ): Promise<HttpAnswer> => {
    const folder = artifactPath(given ?? "");
    const after = token ? afterOf(token) : undefined;
    const uri = await uriOf();
    const { artifacts, path } = await locateArtifacts(deps, uri);
    const found = await artifacts.list(joinPath(path, folder), { after, limit: PAGE + 1 });
    const page = found.slice(0, PAGE);
    return {
      body: {
        root_uri: uri,
        ...fileInfos(page, folder),
        ...(found.length > PAGE ? { next_page_token: pageToken(page.at(-1)!.name) } : {}),
      },
    };
  };

  return [
    ...rpcRoutes([
      rpc({
        ...{ method: "GET", path: "/artifacts/list", summary: "what a run keeps in a folder." },
        input: z.object({
          ...{ run_id: absent(text()), run_uuid: absent(text()) },
          ...{ path: absent(text()), page_token: absent(text()) },
        }),
        handle: ({ path, page_token, ...run }) =>
          list(() => deps.artifactUriOf(runOf(run)), path, page_token),
      }),
      rpc({
        ...{ method: "GET", path: "/logged-models/{model_id}/artifacts/directories" },
        summary: "what a logged model keeps in a folder.",
        input: z.object({
          ...{ model_id: text(1), artifact_directory_path: absent(text()) },
          page_token: absent(text()),
        }),
        handle: ({ model_id, artifact_directory_path: path, page_token }) =>
          list(() => deps.modelUriOf(model_id), path, page_token),
      }),
    ]),
    ...["/api", "/ajax-api"].map((root) =>
      stream(
        ...(["GET", `${root}/2.0/mlflow/logged-models/{model_id}/artifacts/files`] as const),
        "a file of a logged model.",
        (request) => {
          const path = request.query.artifact_file_path;
          if (typeof path !== "string" || path === "")
            throw mlflowError(
              "BAD_REQUEST",
              'Request must include the "artifact_file_path" query parameter.',
            );
          return answer(() => deps.modelUriOf(request.params.model_id!), path, request);
        },
      ),
    ),
    stream("GET", "/get-artifact", "a file of a run.", (request) => {
      const { path, ...run } = readFields(OfRun, request.query);
      return answer(() => deps.artifactUriOf(runOf(run)), path, request);
    }),
    stream("GET", "/model-versions/get-artifact", "a file of a version.", (request) => {
      const { name, version, path } = readFields(OfVersion, request.query);
      return answer(() => deps.sourceOf(name, version), path, request);
    }),
    ...["/api", "/ajax-api"].map((root) =>
      stream(
        ...(["POST", `${root}/2.0/mlflow/upload-artifact`] as const),
        "keeps a small file of a run.",
        async ({ query, headers, body }) => {
          const { run_uuid: run, path: given } = query;
          if (!run) throw invalidParameter("Request must specify run_uuid.");
          if (!given) throw invalidParameter("Request must specify path.");
          const said = artifactPath(given);
          if (Number(headers["content-length"]) > MAX_UPLOAD) throw tooLarge();
          const content = await readSmall(body as AsyncIterable<Uint8Array>);
          if (content.length === 0) throw invalidParameter("Request must specify data.");
          const { artifacts, path } = await locateArtifacts(deps, await deps.artifactUriOf(run));
          await inPlainWords(() => artifacts.write(joinPath(path, said), partsOf(content)));
          return {};
        },
      ),
    ),
  ];
}

const OfRun = z.object({
  ...{ run_id: absent(text()), run_uuid: absent(text()), path: text() },
});

const OfVersion = z.object({ name: text(1), version: text(1), path: text() });

const stream = (
  method: HttpRoute["method"],
  path: string,
  summary: string,
  handle: (request: HttpRequest) => Promise<HttpAnswer>,
): HttpRoute => ({
  ...{ method, path, stream: true },
  about: () => ({ summary: `MLflow: ${summary}` }),
  // What is thrown at once is an answer as well.
  handle: async (request) => handle(request),
});

function runOf(given: {
  readonly run_id?: string | undefined;
  readonly run_uuid?: string | undefined;
}): string {
  const run = given.run_id || given.run_uuid;
  if (run) return run;
  throw invalidParameter(
    "Missing value for required parameter 'run_id'. See the API docs for more information about request parameters.",
  );
}

function afterOf(token: string): string {
  const after = readPageToken(token);
  if (typeof after === "string") return after;
  throw invalidParameter("Invalid page token, could not base64-decode");
}

const tooLarge = () => invalidParameter("Artifact size is too large. Max size is 10MB.");

async function readSmall(body: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of body) {
    bytes += part.length;
    if (bytes > MAX_UPLOAD) throw tooLarge();
    parts.push(part);
  }
  return parts;
}

async function* partsOf(parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts;
}
