/** Where an artifact URI leads. Paths are not yet checked: `artifactPath` does that. */
export type ArtifactPlace =
  /** In what this server keeps for its callers. */
  | { readonly kind: "proxy"; readonly path: string }
  /** A folder of the server's disk, absolute. */
  | { readonly kind: "folder"; readonly path: string }
  | { readonly kind: "run"; readonly run: string; readonly path: string }
  | { readonly kind: "model"; readonly model: string; readonly path: string }
  | {
      readonly kind: "version";
      readonly name: string;
      readonly version: string;
      readonly path: string;
    }
  /** Only clients reach it. */
  | { readonly kind: "elsewhere"; readonly scheme: string };

/**
 * Reads `mlflow-artifacts:/…`, `http(s)://…/api/2.0/mlflow-artifacts/artifacts/…` (whatever the host: servers are called by many
 * names), `file:///…` and absolute paths, `runs:/<run>/…`, `models:/m-…/…` and `models:/<name>/<version>/…`.
 */
export function placeOf(uri: string): ArtifactPlace {
  const [, scheme = "", rest = ""] = /^([A-Za-z][\w+.-]*):(.*)$/s.exec(uri) ?? [];
  const [, host = "", path = ""] = /^(?:\/\/([^/]*))?(.*)$/s.exec(rest)!;
  switch (scheme.toLowerCase()) {
    case "":
      return uri.startsWith("/") ? { kind: "folder", path: uri } : ELSEWHERE("a relative path");
    case "mlflow-artifacts":
      return { kind: "proxy", path: relative(afterEndpoint(path) ?? path) };
    case "http":
    case "https": {
      const behind = afterEndpoint(path);
      return behind === undefined ? ELSEWHERE(scheme) : { kind: "proxy", path: relative(behind) };
    }
    case "file":
      return host === "" || host === "localhost"
        ? { kind: "folder", path: decoded(path) }
        : ELSEWHERE(scheme);
    case "runs": {
      const [run, below] = firstOf(relative(path));
      return { kind: "run", run, path: below };
    }
    case "models":
      return modelPlace(relative(path));
    default:
      return ELSEWHERE(scheme);
  }
}

const ELSEWHERE = (scheme: string): ArtifactPlace => ({ kind: "elsewhere", scheme });

function modelPlace(path: string): ArtifactPlace {
  const [name, below] = firstOf(path);
  if (/^m-[0-9a-f]{32}$/.test(name)) return { kind: "model", model: name, path: below };
  const [version, file] = firstOf(below);
  return { kind: "version", name, version, path: file };
}

/** What follows the endpoint of the proxy, in whatever way its URL begins. */
const afterEndpoint = (path: string): string | undefined =>
  /\/(?:ajax-)?api\/2\.0\/mlflow-artifacts\/artifacts(?:\/(.*))?$/s.exec(path)?.slice(1)[0] ??
  (/\/(?:ajax-)?api\/2\.0\/mlflow-artifacts\/artifacts$/.test(path) ? "" : undefined);

/** Clients put the path of a URI into that of a request as it is, where it is decoded. */
const relative = (path: string): string => decoded(path.replace(/^\/+/, ""));

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function firstOf(path: string): [first: string, rest: string] {
  const at = path.indexOf("/");
  return at < 0 ? [path, ""] : [path.slice(0, at), path.slice(at + 1)];
}
