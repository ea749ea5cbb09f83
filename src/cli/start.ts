import cluster from "node:cluster";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { VERSION } from "../app.ts";
import { blobHost, type Config } from "../config.ts";
import { openControl } from "../control.ts";
import { armCrashPointsFromEnvironment } from "../engine/crash-points.ts";
import { checkQueueName } from "../engine/placing.ts";
import { MillwrightError } from "../errors.ts";
import { shipRegularly } from "../gateway/prediction-log.ts";
import { runProcesses } from "../gateway/processes.ts";
import { gatewayRuntime } from "../gateway/runtime.ts";
import { shipAlone } from "../gateway/ship-alone.ts";
import { connectionsOverIpc, noSiblings, siblingsOverIpc } from "../gateway/siblings.ts";
import { openGateway } from "../gateway.ts";
import type { Log } from "../lib/log.ts";
import { openBlobs } from "../storage/blobs/all.ts";
import { duckdbColumns } from "../storage/columns/duckdb.ts";
import { keepPostgres } from "../storage/sql/keep-postgres.ts";
import { postgres } from "../storage/sql/postgres.ts";
import { openState } from "../storage/state/all.ts";
import type { CliContext, CommandOf, GlobalOptions } from "./command.ts";
import { stopSignal } from "./stop-signal.ts";

const CLOSE_MS = 5000;
/** Less than the 30 s after which Kubernetes kills. */
const WORKER_DRAIN_MS = 20_000;

/** Under `up` a person waits, and the next worker is this machine's: what is in flight is repeated. */
const workerDrainMs = ({ workerDrainMs: said }: Config): number =>
  said ?? (process.channel ? 0 : WORKER_DRAIN_MS);

interface PartOptions {
  readonly processes?: string;
  readonly queue?: readonly string[];
  readonly concurrency?: string;
}

/** What a part needs to say about itself once it runs, and how it ends. */
interface Started {
  readonly url: string;
  close(): Promise<void>;
}

const PARTS: Readonly<
  Record<string, (context: CliContext, options: GlobalOptions) => Promise<Started>>
> = {
  async control(context, options) {
    const log = context.log(options, "control");
    const open = await context.open(options, "no", log);
    const control = await openControl(open.app, context.config(options), log);
    return { url: control.url, close: () => control.close().then(() => open.close()) };
  },
  async worker(context, options) {
    const open = await context.open(options, "yes", context.log(options, "worker"));
    return {
      url: "",
      close: () => open.close({ drainMs: workerDrainMs(context.config(options)) }),
    };
  },
  /** On a machine without control; a gateway starts it when nobody else ships. */
  async shipper(context, options) {
    const config = context.config(options);
    const log = context.log(options, "shipper");
    const server = config.databaseUrl
      ? undefined
      : await keepPostgres({ dataDir: join(config.dataDir, "postgres"), log });
    const sql = postgres(config.databaseUrl ?? server!.url, { log, maxConnections: 2 });
    const columns = await duckdbColumns({
      ...{ scratch: join(config.dataDir, "scratch"), memoryLimit: "256MB" },
    });
    const shipper = shipRegularly(
      { sql, blobs: openBlobs(config.blobUrl, blobHost(config)), columns, log },
      { dataDir: config.dataDir },
    );
    // Nothing else here would keep the process alive.
    const alive = setInterval(() => undefined, 60_000);
    return {
      url: "",
      async close() {
        clearInterval(alive);
        await shipper.stop();
        await columns.close();
        await sql.close();
        await server?.release();
      },
    };
  },
  async gateway(context, options) {
    const config = context.config(options);
    const log = context.log(options, "gateway");
    if (config.gatewayProcesses > 1 && cluster.isPrimary)
      return startProcesses(context, config, log);
    const server = config.databaseUrl
      ? undefined
      : await keepPostgres({ dataDir: join(config.dataDir, "postgres"), log });
    const sql = postgres(config.databaseUrl ?? server!.url, { log });
    const runtime = await gatewayRuntime(config.threads);
    const state =
      config.stateUrl === undefined
        ? undefined
        : openState(config.stateUrl, { base: config.project, now: Date.now });
    const gateway = await openGateway(
      {
        runtime,
        blobs: openBlobs(config.blobUrl, blobHost(config)),
        sql,
        state,
        log,
        version: VERSION,
        siblings: cluster.isWorker ? siblingsOverIpc : noSiblings,
      },
      {
        drainMs: config.gatewayDrainMs,
        sessions: { maxBytes: config.modelMemory },
        connections: cluster.isWorker ? connectionsOverIpc() : undefined,
        ...{ port: config.gatewayPort, grpcPort: config.grpcPort, dataDir: config.dataDir },
        ...{ host: config.host, token: config.token },
        logSpace: {
          whenFull: config.logWhenFull,
          limits: { keepFree: config.logKeepFree, mostUnshipped: config.logMaxUnshipped },
        },
        ...{ accessLog: config.accessLog, environment: process.env },
      },
    );
    const shipping = cluster.isWorker ? undefined : shippedAnyway(context, config, log);
    return {
      url: gateway.url,
      async close() {
        shipping?.stop();
        await gateway.close();
        await runtime.close?.();
        await state?.close();
        await sql.close();
        await server?.release();
      },
    };
  },
};

/** The gateway as several processes; SIGHUP replaces them one by one. */
async function startProcesses(context: CliContext, config: Config, log: Log): Promise<Started> {
  const processes = await runProcesses({
    ...{ host: config.host, port: config.gatewayPort },
    entry: context.entry,
    args: ["start", "gateway", "--project", config.project],
    ...{ count: config.gatewayProcesses, log, stopMs: CLOSE_MS + config.gatewayDrainMs },
    env: { MILLWRIGHT_GATEWAY_PROCESSES: String(config.gatewayProcesses) },
  });
  const url = await processes.ready.catch(async (error) => {
    await processes.stop();
    throw error;
  });
  process.on("SIGHUP", () => {
    log.info("replacing the gateway's processes");
    void processes.restart().then(() => log.info("the gateway's processes are replaced"));
  });
  const shipping = shippedAnyway(context, config, log);
  return {
    url,
    close() {
      shipping.stop();
      return processes.stop();
    },
  };
}

/** Where control is on another machine, a gateway sees to it itself that its log is shipped. */
const shippedAnyway = (context: CliContext, { dataDir, project }: Config, log: Log) =>
  shipAlone({
    ...{ dataDir, entry: context.entry, log },
    args: ["start", "shipper", "--project", project],
    clock: { now: Date.now },
  });

/** Runs one part until SIGTERM, SIGINT or the end of its supervisor, then drains. */
export const start: CommandOf = (program, context) => {
  program
    .command("start")
    .summary("run one part of the platform: control, worker, gateway or shipper")
    .argument("<part>", Object.keys(PARTS).join(", "))
    .option(
      "--processes <n>",
      "gateway: processes behind its port (default MILLWRIGHT_GATEWAY_PROCESSES, 1)",
    )
    .option(
      "--queue <name>",
      "worker: take from this queue only; again for more, the first one first (default MILLWRIGHT_QUEUES, all)",
      (name: string, before: string[] = []) => [...before, name],
    )
    .option(
      "--concurrency <n>",
      "worker: runs at once (default MILLWRIGHT_CONCURRENCY, made of its threads)",
    )
    .action(async (part: string, given: PartOptions, command) => {
      if (given.processes !== undefined) process.env.MILLWRIGHT_GATEWAY_PROCESSES = given.processes;
      if (given.concurrency !== undefined) process.env.MILLWRIGHT_CONCURRENCY = given.concurrency;
      for (const queue of given.queue ?? []) checkQueueName(queue);
      if (given.queue !== undefined) process.env.MILLWRIGHT_QUEUES = given.queue.join(",");
      const global = command.optsWithGlobals() as GlobalOptions;
      const run = Object.hasOwn(PARTS, part) ? PARTS[part] : undefined;
      if (!run)
        throw new MillwrightError(
          "invalid_input",
          `There is no part "${part}". Parts: ${Object.keys(PARTS).join(", ")}.`,
        );
      armCrashPointsFromEnvironment();
      // A killed supervisor takes our output with it; that is no reason not to end in order.
      for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
      const asked = Promise.race([stopSignal(), supervisorGone()]);
      const log = context.log(global, part);
      const tooSoon = asked.then(() => {
        throw new MillwrightError("cancelled", `${part} was stopped before it was ready.`);
      });
      const started = await Promise.race([run(context, global), tooSoon]);
      tooSoon.catch(() => {});
      log.info(`${part} is ready`, started.url ? { url: started.url } : {});
      if (process.connected) process.send?.({ ready: true, url: started.url });
      await asked;
      log.info(`${part} stops`);
      // What does not end in time (the database is away) is as after a crash, which everything here survives.
      const config = context.config(global);
      const drainMs = part === "worker" ? workerDrainMs(config) : config.gatewayDrainMs;
      await Promise.race([started.close(), pause(CLOSE_MS + drainMs)]);
    });
};

/** Never, for a part that was started by itself. */
function supervisorGone(): Promise<void> {
  return new Promise((resolve) => {
    if (process.channel) process.once("disconnect", () => resolve());
  });
}
