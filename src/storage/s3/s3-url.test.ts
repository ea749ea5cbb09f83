import { expect, test } from "vitest";
import { s3Place } from "./s3-url.ts";

test("a bucket is enough; everything else can be said", () => {
  expect(s3Place("s3://models")).toEqual({
    ...{ bucket: "models", prefix: "", endpoint: undefined, region: undefined },
    ...{ pathStyle: false, cacheBytes: 20 * 2 ** 30 },
  });
  const all =
    "s3://models/team-a/x/?endpoint=http://minio:9000&region=eu-west-1&path-style=no&cache=0.5";
  expect(s3Place(all)).toEqual({
    ...{ bucket: "models", prefix: "team-a/x/", endpoint: "http://minio:9000" },
    ...{ region: "eu-west-1", pathStyle: false, cacheBytes: 2 ** 29 },
  });
  expect(s3Place("s3://models?endpoint=https://minio").pathStyle).toBe(true);
});

test.each([
  ["s3://", "no name of a bucket"],
  ["s3://Models_1", "no name of a bucket"],
  ["s3://minio:9000/models", "'minio:9000' is no name of a bucket"],
  ["s3://models/50%", "it is no URL"],
  ["s3://key:secret@models", "credentials do not belong into the URL"],
  ["s3://models?endpoint=https://key:secret@minio", "credentials do not belong into the URL"],
  ["s3://models?endpoint=minio:9000", "endpoint 'minio:9000' is no http"],
  ["s3://models?path-style=maybe", "path-style 'maybe' is neither"],
  ["s3://models?cache=lots", "cache 'lots' is no size"],
  ["s3://models?regoin=eu", "'regoin' is not known"],
])("%s is refused in words", (url, message) => {
  expect(() => s3Place(url)).toThrow(message);
  expect(() => s3Place(url)).not.toThrow("secret");
});
