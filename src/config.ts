import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import { MillwrightError } from "./errors.ts";
import { BYTES, bytesOf } from "./lib/bytes.ts";

/** Everything that differs between machines. Back ends are chosen by URL; an empty environment works. */
export interface Config {
  /** The folder that holds millwright.config.ts. */
  readonly project: string;
  /** Everything Millwright writes, unless a URL says otherwise. */
  readonly dataDir: string;
  /** undefined = the embedded PostgreSQL in dataDir. */
  readonly databaseUrl: string | undefined;
  readonly blobUrl: string;
  /** What gateways of several machines share; undefined = nothing. */
  readonly stateUrl: string | undefined;
  /** Where runs of MLflow's clients keep their artifacts: `mlflow-artifacts:/` (through control) when undefined. */
  readonly artifactRoot: string | undefined;
  /** A folder for what comes through control; undefined = blobs. */
  readonly artifactsDestination: string | undefined;
  readonly host: string;
  readonly controlPort: number;
  /** Where jobs on other machines reach control; undefined: at its host and port. */
  readonly controlUrl: string | undefined;
  readonly gatewayPort: number;
  /** undefined = no gRPC. */
  /** Processes that answer behind the gateway's port. */
  readonly gatewayProcesses: number;
  /** Bytes of the models that each of them keeps loaded. */
  readonly modelMemory: number;
  /** How long a gateway that is told to stop says `not ready` before it closes its port. */
  readonly gatewayDrainMs: number;
  readonly grpcPort: number | undefined;
  /** Bearer token; required to listen on anything but loopback. */
  readonly token: string | undefined;
  readonly threads: number;
  /** Queues a worker takes from, in this order; undefined: all. */
  readonly workerQueues: readonly string[] | undefined;
  /** Runs a worker executes at once; undefined: made of its threads. */
  readonly workerConcurrency: number | undefined;
  /** How long a worker that is told to stop waits for steps in flight; undefined: see `cli/start.ts`. */
  readonly workerDrainMs: number | undefined;
  /** GPUs a worker may use; undefined: those the machine has. */
  readonly gpus: number | undefined;
  /** What a gateway does when the disk of its prediction log is full. */
  readonly logWhenFull: "refuse" | "serve-unlogged";
  /** Bytes of the disk that stay free for others, and that may wait to be shipped; undefined: see `serving/log/fullness.ts`. */
  readonly logKeepFree: number | undefined;
  readonly logMaxUnshipped: number | undefined;
  readonly logLevel: "debug" | "info" | "warn" | "error";
  /** Where webhooks may send: to the internet over https, or anywhere. */
  readonly webhookTargets: "public" | "any";
  /** Seals secrets in the database; undefined: a key file in dataDir, made when first needed. */
  readonly secretKey: string | undefined;
  /** Share of the gateway's requests with a line in its log although nothing is wrong, 0 to 1. */
  readonly accessLog: number;
}

/** Where a blob store finds what its URL leaves open. */
export const blobHost = ({ project, dataDir }: Config) => ({
  base: project,
  cache: join(dataDir, "blob-cache"),
});

const bytes = z.string().regex(BYTES, 'write such as "512MiB" or "20GiB"').transform(bytesOf);

const Environment = z.object({
  DATABASE_URL: z.string().startsWith("postgres").optional(),
  BLOB_URL: z.string().optional(),
  STATE_URL: z.string().optional(),
  MILLWRIGHT_ARTIFACT_ROOT: z.string().optional(),
  MILLWRIGHT_ARTIFACTS_DESTINATION: z.string().optional(),
  MILLWRIGHT_DATA: z.string().optional(),
  MILLWRIGHT_HOST: z.string().default("127.0.0.1"),
  MILLWRIGHT_PORT: z.coerce.number().int().min(0).max(65_535).default(7400),
  MILLWRIGHT_CONTROL_URL: z
    .url({ protocol: /^https?$/, error: 'write such as "http://millwright:7400"' })
    .optional(),
  MILLWRIGHT_GATEWAY_PORT: z.coerce.number().int().min(0).max(65_535).default(7401),
  MILLWRIGHT_GATEWAY_PROCESSES: z.coerce.number().int().min(1).max(256).default(1),
  MILLWRIGHT_MODEL_MEMORY: bytes.default(2 ** 30),
  MILLWRIGHT_GATEWAY_DRAIN_SECONDS: z.coerce.number().min(0).max(600).default(0),
  MILLWRIGHT_GRPC_PORT: z
    .union([z.literal("off"), z.coerce.number().int().min(0).max(65_535)])
    .optional(),
  MILLWRIGHT_TOKEN: z.string().min(16).optional(),
  MILLWRIGHT_THREADS: z.coerce.number().int().min(1).max(256).optional(),
  MILLWRIGHT_QUEUES: z.string().optional(),
  MILLWRIGHT_CONCURRENCY: z.coerce.number().int().min(1).max(10_000).optional(),
  MILLWRIGHT_WORKER_DRAIN_SECONDS: z.coerce.number().min(0).max(86_400).optional(),
  MILLWRIGHT_GPUS: z.coerce.number().int().min(0).max(1024).optional(),
  MILLWRIGHT_LOG_WHEN_FULL: z.enum(["refuse", "serve-unlogged"]).default("refuse"),
  MILLWRIGHT_LOG_KEEP_FREE: bytes.optional(),
  MILLWRIGHT_LOG_MAX_UNSHIPPED: bytes.optional(),
  MILLWRIGHT_WEBHOOK_TARGETS: z.enum(["public", "any"]).default("public"),
  MILLWRIGHT_SECRET_KEY: z.string().min(32).optional(),
  MILLWRIGHT_ACCESS_LOG: z.coerce.number().min(0).max(1).default(0),
  MILLWRIGHT_LOG: z.enum(["debug", "info", "warn", "error"]).default("info"),
});

/** URLs may hold a password. */
const SECRETS = new Set([
  "DATABASE_URL",
  "BLOB_URL",
  "STATE_URL",
  "MILLWRIGHT_TOKEN",
  "MILLWRIGHT_SECRET_KEY",
]);

/** Reads the environment once. Throws `invalid_config` naming the variable, and its value unless that is a secret. */
export function readConfig(
  environment: Readonly<Record<string, string | undefined>>,
  project: string,
): Config {
  const parsed = Environment.safeParse(
    Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== "")),
  );
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const name = String(issue?.path[0]);
    const shown = SECRETS.has(name) ? "(not shown)" : environment[name];
    throw new MillwrightError(
      "invalid_config",
      `Environment variable ${name}=${shown} is not usable: ${issue?.message}.`,
    );
  }
  const env = parsed.data;
  const root = resolve(project);
  const dataDir = resolve(root, env.MILLWRIGHT_DATA ?? ".millwright");
  return {
    project: root,
    dataDir,
    databaseUrl: env.DATABASE_URL,
    blobUrl: env.BLOB_URL ?? `file:${join(dataDir, "blobs")}`,
    stateUrl: env.STATE_URL,
    artifactRoot: uriOf(env.MILLWRIGHT_ARTIFACT_ROOT, root),
    artifactsDestination: uriOf(env.MILLWRIGHT_ARTIFACTS_DESTINATION, root),
    host: env.MILLWRIGHT_HOST,
    controlPort: env.MILLWRIGHT_PORT,
    controlUrl: env.MILLWRIGHT_CONTROL_URL?.replace(/\/+$/, ""),
    gatewayPort: env.MILLWRIGHT_GATEWAY_PORT,
    gatewayProcesses: env.MILLWRIGHT_GATEWAY_PROCESSES,
    modelMemory: env.MILLWRIGHT_MODEL_MEMORY,
    gatewayDrainMs: env.MILLWRIGHT_GATEWAY_DRAIN_SECONDS * 1000,
    grpcPort: grpcPort(env.MILLWRIGHT_GRPC_PORT, env.MILLWRIGHT_GATEWAY_PORT),
    token: env.MILLWRIGHT_TOKEN,
    threads: env.MILLWRIGHT_THREADS ?? availableParallelism(),
    workerQueues: env.MILLWRIGHT_QUEUES?.split(",").map((name) => name.trim()),
    workerConcurrency: env.MILLWRIGHT_CONCURRENCY,
    workerDrainMs:
      env.MILLWRIGHT_WORKER_DRAIN_SECONDS === undefined
        ? undefined
        : env.MILLWRIGHT_WORKER_DRAIN_SECONDS * 1000,
    gpus: env.MILLWRIGHT_GPUS,
    logWhenFull: env.MILLWRIGHT_LOG_WHEN_FULL,
    logKeepFree: env.MILLWRIGHT_LOG_KEEP_FREE,
    logMaxUnshipped: env.MILLWRIGHT_LOG_MAX_UNSHIPPED,
    logLevel: env.MILLWRIGHT_LOG,
    webhookTargets: env.MILLWRIGHT_WEBHOOK_TARGETS,
    secretKey: env.MILLWRIGHT_SECRET_KEY,
    accessLog: env.MILLWRIGHT_ACCESS_LOG,
  };
}

/** Of a path, relative to the project, its `file:` URI. */
const uriOf = (text: string | undefined, root: string): string | undefined =>
  text === undefined || /^[a-z][a-z0-9+.-]+:/i.test(text)
    ? text
    : pathToFileURL(resolve(root, text)).href;

/** Next to the gateway's unless said otherwise. */
function grpcPort(wanted: number | "off" | undefined, gateway: number): number | undefined {
  if (wanted === "off") return undefined;
  return wanted ?? (gateway === 0 || gateway === 65_535 ? 0 : gateway + 1);
}
