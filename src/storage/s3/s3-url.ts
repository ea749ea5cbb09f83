import { MillwrightError } from "../../errors.ts";

export interface S3Place {
  readonly bucket: string;
  /** "" or ends with a slash. */
  readonly prefix: string;
  /** undefined: that of the cloud provider, by region. */
  readonly endpoint: string | undefined;
  readonly region: string | undefined;
  /** `https://host/bucket/key` instead of `https://bucket.host/key`. */
  readonly pathStyle: boolean;
  /** Bytes of copies kept on this machine. */
  readonly cacheBytes: number;
}

const FORM =
  "s3://<bucket>/<prefix>?endpoint=<url>&region=<name>&path-style=yes|no&cache=<GiB>, all but the bucket optional";
const DEFAULT_CACHE_GIB = 20;

/**
 * Where blobs are kept, from a URL such as `s3://models/team-a?endpoint=http://minio:9000`. Credentials are never in it: they come
 * from the environment (AWS_ACCESS_KEY_ID …), a profile, or the machine's role. Throws `invalid_config` naming what is wrong.
 */
export function s3Place(url: string): S3Place {
  const wrong = (what: string) =>
    new MillwrightError("invalid_config", `BLOB_URL: ${what}. Expected ${FORM}.`);
  let parsed: URL;
  let path: string;
  try {
    parsed = new URL(url);
    path = decodeURIComponent(parsed.pathname).replace(/^\/+|\/+$/g, "");
  } catch {
    throw wrong("it is no URL");
  }
  const endpoint = parsed.searchParams.get("endpoint") ?? undefined;
  if (parsed.username !== "" || parsed.password !== "" || endpoint?.includes("@"))
    throw wrong(
      "credentials do not belong into the URL, give them as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    );
  const { host: bucket, searchParams } = parsed;
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket))
    throw wrong(`'${bucket}' is no name of a bucket`);
  const known = ["endpoint", "region", "path-style", "cache"];
  for (const name of searchParams.keys())
    if (!known.includes(name)) throw wrong(`'${name}' is not known (${known.join(", ")} are)`);
  if (endpoint !== undefined && !/^https?:\/\/[^/]+\/?$/.test(endpoint))
    throw wrong(`endpoint '${endpoint}' is no http:// or https:// address of a server`);
  const style = searchParams.get("path-style") ?? (endpoint === undefined ? "no" : "yes");
  if (style !== "yes" && style !== "no") throw wrong(`path-style '${style}' is neither yes nor no`);
  const gib = Number(searchParams.get("cache") ?? DEFAULT_CACHE_GIB);
  if (!(gib >= 0.001 && gib <= 1e6))
    throw wrong(`cache '${searchParams.get("cache")}' is no size in GiB`);
  return {
    ...{ bucket, endpoint, region: searchParams.get("region") ?? undefined },
    prefix: path === "" ? "" : `${path}/`,
    pathStyle: style === "yes",
    cacheBytes: gib * 2 ** 30,
  };
}
