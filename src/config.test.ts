import { expect, test } from "vitest";
import { readConfig } from "./config.ts";

test("an empty environment works, and so do empty variables", () => {
  const config = readConfig({ DATABASE_URL: "", MILLWRIGHT_PORT: "" }, "/projects/mail");
  expect(config).toMatchObject({
    ...{ project: "/projects/mail", dataDir: "/projects/mail/.millwright", host: "127.0.0.1" },
    ...{
      databaseUrl: undefined,
      controlPort: 7400,
      gatewayPort: 7401,
      gatewayProcesses: 1,
      gatewayDrainMs: 0,
      grpcPort: 7402,
      logLevel: "info",
    },
    blobUrl: "file:/projects/mail/.millwright/blobs",
    stateUrl: undefined,
  });
});

test("artifacts go where they are told to, relative to the project", () => {
  const read = (root: string) => readConfig({ MILLWRIGHT_ARTIFACT_ROOT: root }, "/p").artifactRoot;
  expect(read("s3://bucket/x")).toBe("s3://bucket/x");
  expect(read("mlflow-artifacts:/")).toBe("mlflow-artifacts:/");
  expect(read("my runs")).toBe("file:///p/my%20runs");
  expect(read("/data")).toBe("file:///data");
  const { artifactsDestination } = readConfig({ MILLWRIGHT_ARTIFACTS_DESTINATION: "a" }, "/p");
  expect(artifactsDestination).toBe("file:///p/a");
  expect(readConfig({}, "/p").artifactRoot).toBeUndefined();
});

test("gRPC is next to the gateway, elsewhere or off", () => {
  const grpc = (environment: Record<string, string>) => readConfig(environment, "/p").grpcPort;
  expect(grpc({ MILLWRIGHT_GATEWAY_PORT: "9000" })).toBe(9001);
  expect(grpc({ MILLWRIGHT_GATEWAY_PORT: "0" })).toBe(0);
  expect(grpc({ MILLWRIGHT_GRPC_PORT: "9555" })).toBe(9555);
  expect(grpc({ MILLWRIGHT_GRPC_PORT: "off" })).toBeUndefined();
  expect(() => grpc({ MILLWRIGHT_GRPC_PORT: "on" })).toThrow("MILLWRIGHT_GRPC_PORT=on");
});

test("sizes have units, and a full log is a policy", () => {
  const config = readConfig(
    {
      ...{ MILLWRIGHT_LOG_WHEN_FULL: "serve-unlogged", MILLWRIGHT_LOG_KEEP_FREE: "512MiB" },
      ...{ MILLWRIGHT_LOG_MAX_UNSHIPPED: "20 GiB", MILLWRIGHT_MODEL_MEMORY: "768MiB" },
    },
    "/p",
  );
  expect(config).toMatchObject({
    ...{ logWhenFull: "serve-unlogged", logKeepFree: 2 ** 29, logMaxUnshipped: 20 * 2 ** 30 },
    modelMemory: 768 * 2 ** 20,
  });
  const usual = { logWhenFull: "refuse", logKeepFree: undefined, modelMemory: 2 ** 30 };
  expect(readConfig({}, "/p")).toMatchObject(usual);
  expect(() => readConfig({ MILLWRIGHT_LOG_KEEP_FREE: "some" }, "/p")).toThrow(
    "MILLWRIGHT_LOG_KEEP_FREE=some",
  );
});

test("a wrong value is said with its variable", () => {
  expect(() => readConfig({ MILLWRIGHT_PORT: "70000" }, "/p")).toThrow("MILLWRIGHT_PORT=70000");
  expect(() => readConfig({ MILLWRIGHT_THREADS: "many" }, "/p")).toThrow("MILLWRIGHT_THREADS=many");
});

test.each([
  ["MILLWRIGHT_TOKEN", "s3cret"],
  ["DATABASE_URL", "mysql://me:s3cret@host/db"],
])("a wrong %s is not repeated: it may be a secret", (name, value) => {
  const read = () => readConfig({ [name]: value }, "/p");
  expect(read).toThrow(name);
  expect(read).not.toThrow("s3cret");
});
