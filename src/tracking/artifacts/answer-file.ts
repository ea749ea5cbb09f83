import type { HttpAnswer, HttpRequest } from "../../http/http.ts";
import { nameOf } from "../../storage/artifacts/artifact-path.ts";
import { doesNotExist } from "../mlflow/errors.ts";
import { byteRange } from "./byte-range.ts";
import type { Located } from "./locate-artifacts.ts";
import { attachment, mediaTypeOf } from "./media-type.ts";

/**
 * A file, or the part of it that `Range` asks for, to be kept and not shown. RESOURCE_DOES_NOT_EXIST when there is none: clients try
 * for files that may not be there, and would ask for minutes after any code of 500.
 * @param said the path as the caller knows it.
 */
export async function answerFile(
  { artifacts, path }: Located,
  { said, headers }: { readonly said: string; readonly headers: HttpRequest["headers"] },
): Promise<HttpAnswer> {
  const opened = await artifacts.open(path);
  if (opened === undefined) {
    const folder = (await artifacts.list(path, { limit: 1 })).length > 0;
    throw doesNotExist(
      folder
        ? `'${said}' is a folder, not a file: list it, and ask for the files in it.`
        : `There is no artifact '${said}'.`,
    );
  }
  // A condition on what we say of no file means: the whole file.
  const asked = headers["if-range"] === undefined ? headers.range : undefined;
  const range = byteRange(asked, opened.bytes);
  const name = nameOf(path);
  const about = {
    "accept-ranges": "bytes",
    "content-disposition": attachment(name),
    "x-content-type-options": "nosniff",
  };
  if (range === "none") {
    await opened.close();
    return {
      ...{ status: 416, headers: { ...about, "content-range": `bytes */${opened.bytes}` } },
      body: {
        error_code: "INVALID_PARAMETER_VALUE",
        message: `Range ${asked}: '${said}' has ${opened.bytes} bytes.`,
      },
    };
  }
  const length = range === undefined ? opened.bytes : range.to - range.from + 1;
  return {
    status: range === undefined ? 200 : 206,
    headers: {
      ...about,
      "content-length": String(length),
      ...(range && { "content-range": `bytes ${range.from}-${range.to}/${opened.bytes}` }),
    },
    type: mediaTypeOf(name),
    body: opened.read(range),
  };
}
