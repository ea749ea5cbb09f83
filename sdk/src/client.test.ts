import { expect, test } from "vitest";
import { client, RequestError } from "./client.ts";
import { experiments } from "./contract/experiments.ts";

const answering = (status: number, body: string) =>
  client(experiments, {
    url: "http://127.0.0.1:7400",
    fetch: async () => new Response(body, { status }),
  });

const NO = '{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"No Experiment with id=1 exists"}';

test.each([
  ["a page of a proxy", 200, "<html>Sign in</html>", { code: "internal", status: 502 }],
  ["an answer of another version", 200, '{"experiment":{}}', { code: "internal", status: 502 }],
  ["a proxy without a server", 502, "Bad gateway", { code: "internal", status: 502 }],
  ["no, in MLflow's words", 404, NO, { code: "not_found", status: 404 }],
])("%s is a RequestError", async (_, status, body, problem) => {
  const asked = answering(status, body).experiment({ experiment_id: "1" });
  await expect(asked).rejects.toBeInstanceOf(RequestError);
  await expect(asked).rejects.toMatchObject({ problem });
});
