import { expect, test } from "vitest";
import { placeOf } from "./artifact-uri.ts";
import { byteRange } from "./byte-range.ts";
import { attachment, mediaTypeOf } from "./media-type.ts";
import { ownUrl } from "./own-url.ts";

test("a URI says where artifacts are", () => {
  const proxied = "3/run/artifacts";
  for (const uri of [
    "mlflow-artifacts:/3/run/artifacts",
    "mlflow-artifacts:///3/run/artifacts",
    "mlflow-artifacts://host:5000/3/run/artifacts",
    "mlflow-artifacts://host/api/2.0/mlflow-artifacts/artifacts/3/run/artifacts",
    "http://127.0.0.1:7400/api/2.0/mlflow-artifacts/artifacts/3/run/artifacts",
    "https://ml.example.org/team/a/api/2.0/mlflow-artifacts/artifacts/3/run/artifacts",
  ])
    expect(placeOf(uri)).toEqual({ kind: "proxy", path: proxied });
  for (const uri of [
    "mlflow-artifacts:",
    "mlflow-artifacts:/",
    "http://h/api/2.0/mlflow-artifacts/artifacts",
  ])
    expect(placeOf(uri)).toEqual({ kind: "proxy", path: "" });
  expect(placeOf("mlflow-artifacts:/3/a%20b%25")).toEqual({ kind: "proxy", path: "3/a b%" });
  expect(placeOf("mlflow-artifacts:/3/50%")).toEqual({ kind: "proxy", path: "3/50%" });
  for (const uri of [
    "file:///data/a%20b",
    "file:/data/a b",
    "file://localhost/data/a b",
    "/data/a b",
  ])
    expect(placeOf(uri)).toEqual({ kind: "folder", path: "/data/a b" });
  expect(placeOf("runs:/abc/model/x")).toEqual({ kind: "run", run: "abc", path: "model/x" });
  expect(placeOf("runs:/abc")).toEqual({ kind: "run", run: "abc", path: "" });
  const model = `m-${"0a".repeat(16)}`;
  expect(placeOf(`models:/${model}/MLmodel`)).toEqual({ kind: "model", model, path: "MLmodel" });
  expect(placeOf("models:/spam/3/MLmodel")).toEqual({
    ...{ kind: "version", name: "spam", version: "3", path: "MLmodel" },
  });
  for (const uri of ["s3://bucket/x", "http://other/x", "file://host/x", "relative/x", ""])
    expect(placeOf(uri)).toMatchObject({ kind: "elsewhere" });
});

test("the type of a file goes by its name", () => {
  const types = {
    "a.txt": "text/plain",
    "b.pkl": "application/octet-stream",
    "c.png": "image/png",
  };
  const more = { "d.pdf": "application/pdf", MLmodel: "text/plain", mlproject: "text/plain" };
  const odd = {
    "x.JSON": "application/octet-stream",
    "a.PNG": "image/png",
    ".json": "application/octet-stream",
  };
  const rest = {
    "page.html": "text/html",
    constructor: "application/octet-stream",
    "a.": "application/octet-stream",
  };
  for (const [name, type] of Object.entries({ ...types, ...more, ...odd, ...rest }))
    expect([name, mediaTypeOf(name)]).toEqual([name, type]);
});

test("a file is handed out under its own name, whatever is in it", () => {
  expect(attachment("a.txt")).toBe("attachment; filename=a.txt");
  expect(attachment("dog+step+20+timestamp+100.png")).toBe(
    "attachment; filename=dog+step+20+timestamp+100.png",
  );
  expect(attachment('a "b"\r\nx: y;.txt')).toBe(
    `attachment; filename="a _b___x: y;.txt"; filename*=UTF-8''a%20%22b%22%0D%0Ax%3A%20y%3B.txt`,
  );
  expect(attachment("naïve (1).txt")).toBe(
    `attachment; filename="na_ve (1).txt"; filename*=UTF-8''na%C3%AFve%20%281%29.txt`,
  );
  expect(attachment("長".repeat(1000)).length).toBeLessThan(300);
});

test("ranges as RFC 9110 has them", () => {
  expect(byteRange(undefined, 10)).toBeUndefined();
  expect(byteRange("bytes=0-0", 10)).toEqual({ from: 0, to: 0 });
  expect(byteRange("bytes=2-", 10)).toEqual({ from: 2, to: 9 });
  expect(byteRange("bytes=2-99", 10)).toEqual({ from: 2, to: 9 });
  expect(byteRange("bytes=-3", 10)).toEqual({ from: 7, to: 9 });
  expect(byteRange("bytes=-99", 10)).toEqual({ from: 0, to: 9 });
  for (const none of ["bytes=10-", "bytes=-0", "bytes=99-100"])
    expect(byteRange(none, 10)).toBe("none");
  expect(byteRange("bytes=0-", 0)).toBe("none");
  for (const all of [
    "",
    "bytes=",
    "bytes=-",
    "bytes=5-2",
    "bytes=0-1,3-4",
    "lines=0-1",
    "bytes=a-b",
  ])
    expect(byteRange(all, 10)).toBeUndefined();
});

test("the own address is the one that was called", () => {
  expect(ownUrl({ host: "127.0.0.1:7400" })).toBe("http://127.0.0.1:7400");
  expect(ownUrl({ host: "[::1]:7400" })).toBe("http://[::1]:7400");
  expect(
    ownUrl({
      ...{
        host: "inner:1",
        "x-forwarded-proto": "https, http",
        "x-forwarded-host": "ml.example.org",
      },
      "x-forwarded-prefix": "/team/a",
    }),
  ).toBe("https://ml.example.org/team/a");
  expect(ownUrl({ host: 'x"><script>', "x-forwarded-prefix": "//evil" })).toBe("http://127.0.0.1");
});
