import { z } from "zod";
import type { HttpRequest, HttpRoute } from "../../../http/http.ts";
import { artifactPath } from "../../../storage/artifacts/artifact-path.ts";
import type { Artifacts } from "../../../storage/artifacts/artifacts.ts";
import { doesNotExist, invalidParameter } from "../../mlflow/errors.ts";
import { absent, readFields, text } from "../../mlflow/fields.ts";
import { rpc, rpcRoutes } from "../../mlflow/rpc.ts";
import { answerFile } from "../answer-file.ts";
import { fileInfos } from "../file-info.ts";
import { inPlainWords } from "../in-plain-words.ts";
import { encodedPath, ownHeaders, ownUrl } from "../own-url.ts";

export const PROXY = "/api/2.0/mlflow-artifacts/artifacts";

/** What clients call for URIs `mlflow-artifacts:/…`: files go through this server, of any size, and never through its memory. */
export function proxyRoutes({ artifacts }: { readonly artifacts: Artifacts }): HttpRoute[] {
  const file = (
    method: HttpRoute["method"],
    summary: string,
    handle: (path: string, request: HttpRequest) => ReturnType<HttpRoute["handle"]>,
  ): HttpRoute[] =>
    ["/api", "/ajax-api"].map((root) => ({
      ...{ method, path: `${root}/2.0/mlflow-artifacts/artifacts/{path*}`, stream: true },
      about: () => ({ summary: `MLflow: ${summary}` }),
      handle: (request) => handle(askedPath(request), request),
    }));
  return [
    ...file("GET", "a file.", (path, { headers }) =>
      answerFile({ artifacts, path }, { said: path, headers }),
    ),
    ...file("PUT", "keeps a file, in place of what was there.", async (path, request) => {
      refuseEncoding(request);
      const content = request.body as AsyncIterable<Uint8Array>;
      await inPlainWords(() => artifacts.write(path, content));
      return {};
    }),
    ...file("DELETE", "removes a file or a folder.", async (path) => {
      await artifacts.remove(path);
      return {};
    }),
    ...rpcRoutes([
      rpc({
        ...{ method: "GET", path: "-artifacts/artifacts", summary: "what lies in a folder." },
        input: z.object({ path: absent(text()) }),
        handle: async ({ path }) => ({
          body: fileInfos(await artifacts.list(artifactPath(path ?? ""))),
        }),
      }),
      rpc({
        ...{ method: "GET", path: "-artifacts/presigned/{file*}" },
        summary: "where a file can be had in parts at once.",
        input: z.object({ file: text(1) }),
        async handle({ file }, { headers }) {
          const path = artifactPath(file);
          const opened = await artifacts.open(path);
          if (opened === undefined) throw doesNotExist(`There is no artifact '${path}'.`);
          await opened.close();
          return {
            body: {
              url: `${ownUrl(headers)}${PROXY}/${encodedPath(path)}`,
              headers: ownHeaders(headers),
              file_size: opened.bytes,
            },
          };
        },
      }),
    ]),
  ];
}

/**
 * Clients put names into URLs as they are, so that a `?` in one begins the query: files have none, so it belongs to the name. (What
 * follows a `#` is never sent; names that are encoded come whole.)
 */
function askedPath({ params, search }: HttpRequest): string {
  const { path } = readFields(z.object({ path: text(1) }), params);
  if (search === undefined || search === "") return artifactPath(path);
  let rest = search;
  try {
    rest = decodeURIComponent(search);
  } catch {
    // It is taken as it is.
  }
  return artifactPath(`${path}?${rest}`);
}

/** What comes compressed would come back so, and nobody would know. */
function refuseEncoding({ headers }: HttpRequest): void {
  const encoding = headers["content-encoding"];
  if (encoding !== undefined && encoding.toLowerCase() !== "identity")
    throw invalidParameter(
      `Content-Encoding: '${encoding.slice(0, 40)}' is not undone for artifacts. Send the file as it shall be kept, without the header.`,
    );
}
