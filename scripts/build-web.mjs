/** Builds the console with Vite into dist/web when its sources are newer than the last build. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

const newest = (dir) =>
  Math.max(
    0,
    ...readdirSync(dir, { recursive: true, withFileTypes: true })
      .filter((e) => e.isFile())
      .map((e) => statSync(join(e.parentPath ?? e.path, e.name)).mtimeMs),
  );

export async function buildWeb() {
  if (!existsSync("web/index.html")) return;
  const built = "dist/web/index.html";
  if (existsSync(built) && statSync(built).mtimeMs > Math.max(newest("web/src"), newest("sdk/src")))
    return;
  const { build } = await import("vite");
  await build({ root: "web", configFile: "web/vite.config.ts", logLevel: "warn" });
}
