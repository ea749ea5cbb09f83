import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type App, openApp } from "../../src/app.ts";
import { readConfig } from "../../src/config.ts";
import { type Control, openControl } from "../../src/control.ts";
import { type Gateway, openGateway } from "../../src/gateway.ts";
import type { ModelDefinition } from "../../src/pipelines/project.ts";
import { onnxRuntime } from "../../src/runtime/onnxruntime.ts";
import { customers } from "../../src/testing/customers.ts";
import { quietLog } from "../../src/testing/quiet-log.ts";

/** The question that `testing/customers.ts` has an answer to. */
export const CHURN = { dataset: "customers", target: "leaves", positive: "yes" } as const;

export interface CustomersPlatform {
  readonly folder: string;
  readonly app: App;
  control(): Promise<Control>;
  gateway(): Promise<Gateway>;
  /** Closes what was opened and removes the folder. */
  stop(): Promise<void>;
}

/** A platform of its own in a temporary folder, which executes its runs: so many customers, and these models. */
export async function customersPlatform(
  rows: number,
  models: Readonly<Record<string, ModelDefinition>>,
): Promise<CustomersPlatform> {
  const folder = mkdtempSync(join(tmpdir(), "millwright-customers-"));
  // Root's temporary folders are private; PostgreSQL runs as another user.
  chmodSync(folder, 0o755);
  writeFileSync(join(folder, "customers.csv"), customers(rows));
  const datasets = { customers: { source: "customers.csv", key: "customer" } };
  const project = JSON.stringify({ datasets, models });
  writeFileSync(join(folder, "millwright.config.ts"), `export default ${project};\n`);
  const config = readConfig(
    { MILLWRIGHT_PORT: "0", MILLWRIGHT_GATEWAY_PORT: "0", MILLWRIGHT_THREADS: "2" },
    folder,
  );
  const log = quietLog();
  const app = await openApp({ config, log, work: "yes" });
  const opened: { close(): Promise<unknown> }[] = [app];
  const kept = <T extends (typeof opened)[0]>(part: T): T => {
    opened.unshift(part);
    return part;
  };
  return {
    folder,
    app,
    control: async () => kept(await openControl(app, config, log)),
    async gateway() {
      const { sql, platform } = app;
      const parts = { runtime: await onnxRuntime(), blobs: platform.blobs, sql, log };
      return kept(
        await openGateway({ ...parts, version: "test" }, { port: 0, dataDir: config.dataDir }),
      );
    },
    async stop() {
      for (const part of opened) await part.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
