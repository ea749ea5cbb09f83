import { expect, test } from "vitest";
import { readConfig } from "./config.ts";

test("an empty environment works, and so do empty variables", () => {
  const config = readConfig({ DATABASE_URL: "", MILLWRIGHT_PORT: "" }, "/projects/mail");
  expect(config).toMatchObject({
    ...{ project: "/projects/mail", dataDir: "/projects/mail/.millwright", host: "127.0.0.1" },
    ...{ databaseUrl: undefined, controlPort: 7400, gatewayPort: 7401, logLevel: "info" },
    blobUrl: "file:/projects/mail/.millwright/blobs",
  });
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
