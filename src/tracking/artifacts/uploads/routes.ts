import { z } from "zod";
import type { HttpRoute } from "../../../http/http.ts";
import type { Clock } from "../../../lib/clock.ts";
import { artifactPath, joinPath, nameOf } from "../../../storage/artifacts/artifact-path.ts";
import type { Uploads } from "../../../storage/artifacts/uploads.ts";
import { invalidParameter } from "../../mlflow/errors.ts";
import { integer, list, readFields, text } from "../../mlflow/fields.ts";
import { rpc, rpcRoutes } from "../../mlflow/rpc.ts";
import { inPlainWords } from "../in-plain-words.ts";
import { ownHeaders, ownUrl } from "../own-url.ts";

export interface UploadDeps {
  readonly uploads: Uploads;
  readonly clock: Clock;
}

/** As object stores have it; their addresses for so many are some megabytes. */
const MAX_PARTS = 10_000;
const WEEK = 7 * 86_400_000;
const HOUR = 3_600_000;

/** Of the file on the caller's disk, whose name the upload takes. */
const local = { folder: text(1), path: text(1) };

/** Large files in parts, several at once: create, PUT each part to the address it was given, complete. */
export function uploadRoutes({ uploads, clock }: UploadDeps): HttpRoute[] {
  let swept = Number.NEGATIVE_INFINITY;
  /** Uploads that nobody ended take room: whoever begins one looks for them, once an hour. */
  const sweep = async (): Promise<void> => {
    const now = clock.now();
    if (now - swept < HOUR) return;
    swept = now;
    await uploads.sweep(now - WEEK);
  };
  return [
    ...rpcRoutes([
      rpc({
        ...{ method: "POST", path: "-artifacts/mpu/create/{folder*}" },
        summary: "begins an upload in parts.",
        input: z.object({ ...local, num_parts: integer().default(1) }),
        async handle({ num_parts: parts, ...file }, { headers }) {
          const path = targetOf(file);
          if (parts < 1 || parts > MAX_PARTS)
            throw invalidParameter(
              `Invalid value ${parts} for parameter 'num_parts' supplied. It must be from 1 to ${MAX_PARTS}: make the parts larger (MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE).`,
            );
          await sweep();
          const id = await inPlainWords(() => uploads.begin(path, parts));
          const url = `${ownUrl(headers)}/api/2.0/mlflow-artifacts/mpu/part/${id}`;
          return {
            body: {
              upload_id: id,
              credentials: Array.from({ length: parts }, (_, i) => ({
                ...{ url: `${url}/${i + 1}`, part_number: i + 1 },
                headers: ownHeaders(headers),
              })),
            },
          };
        },
      }),
      rpc({
        ...{ method: "POST", path: "-artifacts/mpu/complete/{folder*}", patient: true },
        summary: "makes a file of the parts.",
        input: z.object({
          ...{ ...local, upload_id: text(1) },
          parts: list(z.object({ part_number: integer(), etag: text() })),
        }),
        async handle({ upload_id: id, parts, ...file }) {
          const named = parts.map(({ part_number: part, etag }) => ({
            part,
            digest: etag.replace(/^"|"$/g, ""),
          }));
          await inPlainWords(() => uploads.finish(id, targetOf(file), named));
          return {};
        },
      }),
      rpc({
        ...{ method: "POST", path: "-artifacts/mpu/abort/{folder*}" },
        summary: "forgets an upload in parts.",
        input: z.object({ ...local, upload_id: text(1) }),
        async handle({ upload_id: id }) {
          await uploads.abort(id);
          return {};
        },
      }),
    ]),
    {
      ...{ method: "PUT", path: "/api/2.0/mlflow-artifacts/mpu/part/{id}/{part}", stream: true },
      about: () => ({ summary: "MLflow: keeps a part of an upload, in place of an earlier one." }),
      async handle({ params, body }) {
        const { id, part } = readFields(z.object({ id: text(1), part: integer() }), params);
        const content = body as AsyncIterable<Uint8Array>;
        const digest = await inPlainWords(() => uploads.keep(id, part, content));
        return { headers: { etag: `"${digest}"` } };
      },
    },
  ];
}

/** Clients send the path of the file on their disk, which may be one of Windows. */
function targetOf({ folder, path }: { readonly folder: string; readonly path: string }): string {
  const name = nameOf(path.replaceAll("\\", "/"));
  if (name === "") throw invalidParameter(`path: '${path}' should end in the name of a file.`);
  return artifactPath(joinPath(folder, name));
}
