import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { families } from "../../sdk/src/contract/families.ts";
import { models } from "../../sdk/src/contract/models.ts";
import { serving } from "../../sdk/src/contract/serving.ts";
import { client } from "../../sdk/src/index.ts";
import { openApp } from "../../src/app.ts";
import { readConfig } from "../../src/config.ts";
import { openControl } from "../../src/control.ts";
import { openGateway } from "../../src/gateway.ts";
import { onnxRuntime } from "../../src/runtime/onnxruntime.ts";
import { quietLog } from "../../src/testing/quiet-log.ts";
import { shops } from "../../src/testing/shops.ts";

/** Model `returns` of the shops: `a2`, `a4` (of few rows) and `c1` differ. `more` goes into the model's definition. */
const projectText = (more: object): string => `export default {
  datasets: { orders: { source: "orders.csv", key: "order", time: "at" } },
  models: { returns: { dataset: "orders", target: "returned", positive: "yes",
    features: { days_late: { role: "numeric" }, price: { role: "numeric" } }, onlyListed: true,
    gates: [{ gate: "beats_baseline", params: {} }],
    family: { by: "shop", parents: [["region"], []] }, ...${JSON.stringify(more)} } },
};\n`;

export type ShopsPlatform = Awaited<ReturnType<typeof shopsPlatform>>;

/** A project with a family of shops on the real parts, not trained yet. */
export async function shopsPlatform(more: object = {}) {
  const folder = mkdtempSync(join(tmpdir(), "millwright-shops-"));
  chmodSync(folder, 0o755);
  const rows = { rows: 600, odd: ["a2", "a4", "c1"], few: { a4: 200 } };
  writeFileSync(join(folder, "orders.csv"), shops(rows));
  const define = (other: object) =>
    writeFileSync(join(folder, "millwright.config.ts"), projectText(other));
  define({ train: { trainers: ["baseline", "linear", "gbdt"], budget: "10s" }, ...more });
  const environment = { MILLWRIGHT_PORT: "0", MILLWRIGHT_GATEWAY_PORT: "0" };
  const config = readConfig(environment, folder);
  const log = quietLog();
  const app = await openApp({ config, log, work: "yes" });
  const control = await openControl(app, config, log);
  const { sql, platform } = app;
  const parts = { runtime: await onnxRuntime(), blobs: platform.blobs, sql, log };
  const gateway = await openGateway(
    { ...parts, version: "test" },
    { port: 0, dataDir: config.dataDir },
  );
  const api = client(serving, { url: gateway.url });
  return {
    ...{ folder, app, platform, control, gateway, api, define },
    look: client(families, { url: control.url }),
    models: client(models, { url: control.url }),
    async run<O>(pipeline: string, input: object): Promise<O> {
      const { engine } = platform;
      return engine.wait<O>(await engine.submit(pipeline, { model: "returns", ...input }));
    },
    async ask(rows: readonly object[]) {
      await api.refreshRoutes({});
      return (await api.predict({ model: "returns", rows: rows as never })).predictions;
    },
    async close() {
      await gateway.close();
      await control.close();
      await app.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
