import { invalidParameter } from "../../tracking/mlflow/errors.ts";

/** `models:/name/3`, `models:/name@alias`, `models:/m-…`. */
export type ModelUri =
  | { readonly kind: "logged"; readonly id: string }
  | { readonly kind: "version"; readonly model: string; readonly number: number }
  | { readonly kind: "alias"; readonly model: string; readonly alias: string };

/** undefined for other schemes. Throws INVALID_PARAMETER_VALUE when it is one and cannot be read. */
export function readModelUri(source: string): ModelUri | undefined {
  const path = /^models:\/+(.*)$/.exec(source)?.[1];
  if (path === undefined) return undefined;
  const version = /^([^/@]+)\/(\d{1,9})$/.exec(path);
  if (version) return { kind: "version", model: version[1]!, number: Number(version[2]) };
  const alias = /^([^/]+)@([^/@]+)$/.exec(path);
  if (alias) return { kind: "alias", model: alias[1]!, alias: alias[2]! };
  if (/^m-[^/@]+$/.test(path)) return { kind: "logged", id: path };
  throw invalidParameter(
    `Invalid model version source: '${source}'. A models:/ URI names a version (models:/<name>/<version>), an alias (models:/<name>@<alias>) or a logged model (models:/<model id>).`,
  );
}

/** The path of a local file: `/a/b`, `a/b`, `file:///a/b`; undefined for what lies elsewhere. */
export function localPath(source: string): string | undefined {
  const file = /^file:(?:\/\/([^/]*))?(\/?.*)$/i.exec(source);
  if (!file) return /^[a-z][a-z0-9+.-]*:/i.test(source) ? undefined : source;
  const host = file[1] ?? "";
  if (host !== "" && host !== "." && !/^(localhost|127\.0\.0\.1)/.test(host))
    throw invalidParameter(
      `${source} is not a valid remote uri. Files of another machine need a scheme of their own, such as smb://<hostname>/<path>.`,
    );
  try {
    return decodeURIComponent(file[2]!);
  } catch {
    return file[2]!;
  }
}

/** Whether `path` is `folder` or inside, once both are resolved; relative ones never are. */
export function isInside(path: string, folder: string): boolean {
  const [inner, outer] = [resolved(path), resolved(folder)];
  return (
    inner !== undefined &&
    outer !== undefined &&
    (inner === outer || inner.startsWith(outer === "/" ? "/" : `${outer}/`))
  );
}

/** Throws INVALID_PARAMETER_VALUE for `.`, `..` and zero bytes in a path, however often they are encoded. */
export function checkRemoteSource(source: string): void {
  const plain = decoded(source);
  const path = plain.replace(/^[a-z][a-z0-9+.-]*:(\/\/[^/?#]*)?/i, "").replace(/[?#].*$/, "");
  const parts = path.split("/");
  if (
    !plain.includes("\0") &&
    !plain.split("/").includes("..") &&
    !parts.includes(".") &&
    !parts.includes("..")
  )
    return;
  throw invalidParameter(
    `Invalid model version source: '${source}'. If supplying a source as an http, https, local file path, ftp, objectstore, or mlflow-artifacts uri, an absolute path must be provided without relative path references present. Please provide an absolute path.`,
  );
}

export const notInside = (source: string, field: "run_id" | "model_id") =>
  invalidParameter(
    `Invalid model version source: '${source}'. To use a local path as a model version source, the ${field} request parameter has to be specified and the local path has to be contained within the artifact directory of the ${field === "run_id" ? "run" : "model"} specified by the ${field}.`,
  );

/** Undoes percent-encoding, byte by byte, until nothing is left of it: enough to see dots, slashes and zero bytes. */
function decoded(text: string): string {
  const once = text.replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
  return once === text ? text : decoded(once);
}

function resolved(path: string): string | undefined {
  if (!path.startsWith("/") || path.includes("\0")) return undefined;
  const parts: string[] = [];
  for (const part of path.split("/"))
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  return `/${parts.join("/")}`;
}
