import { createServer } from "node:net";
import { ERROR_CODES } from "../../sdk/src/contract/errors.ts";
import type { Config } from "../config.ts";
import type { Finding } from "./finding.ts";

/** The ports of `millwright up`: free, or already ours. */
export async function examinePorts(config: Config): Promise<Finding[]> {
  const { controlPort, gatewayPort, grpcPort } = config;
  const gateway = { port: gatewayPort, path: "/v2/health/live" };
  return [
    await port("console port", config, controlPort, "MILLWRIGHT_PORT", {
      port: controlPort,
      path: "/api/models",
    }),
    await port("gateway port", config, gatewayPort, "MILLWRIGHT_GATEWAY_PORT", gateway),
    ...(grpcPort === undefined
      ? []
      : [await port("gRPC port", config, grpcPort, "MILLWRIGHT_GRPC_PORT", gateway)]),
  ];
}

/** @param answers where a running part of ours that has this port answers HTTP. */
async function port(
  name: string,
  { host, token }: Config,
  number: number,
  variable: string,
  answers: { readonly port: number; readonly path: string },
): Promise<Finding> {
  if (number === 0) return { name, state: "ok", message: "any free one" };
  const refused = await listenError(host, number);
  if (refused === undefined) return { name, state: "ok", message: `${number} is free` };
  const url = `http://${host}:${answers.port}${answers.path}`;
  if (refused === "EADDRINUSE" && (await isOurs(url, token)))
    return { name, state: "ok", message: `${number}: Millwright answers there` };
  const why =
    refused === "EADDRINUSE"
      ? "is taken by another program"
      : `cannot be listened on at ${host} (${refused})`;
  return {
    ...{ name, state: "warn", message: `${number} ${why}` },
    fix: `Choose another: ${variable}=<port>, or 0 for any free one.`,
  };
}

const listenError = (host: string, number: number): Promise<string | undefined> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port: number, exclusive: true }, () =>
      server.close(() => resolve(undefined)),
    );
  });

/** Every answer of ours is JSON: the health of a gateway, the models, or a problem with one of our codes. */
async function isOurs(url: string, token: string | undefined): Promise<boolean> {
  try {
    const answer = await fetch(url, {
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(2_000),
    });
    const body = (await answer.json()) as Record<string, unknown>;
    return body.live === true || Array.isArray(body.models) || String(body.code) in ERROR_CODES;
  } catch {
    return false;
  }
}
