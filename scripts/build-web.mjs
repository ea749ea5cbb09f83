/** Builds the console with Vite into dist/web when its sources are newer than the last build. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

const BUILT = "dist/web/index.html";
const SOURCES = [
  "web/src",
  "web/public",
  "web/index.html",
  "web/vite.config.ts",
  "web/package.json",
  "sdk/src",
];

const newest = (path) => {
  if (!existsSync(path)) return 0;
  if (!statSync(path).isDirectory()) return statSync(path).mtimeMs;
  return Math.max(0, ...readdirSync(path).map((name) => newest(join(path, name))));
};

export async function buildWeb() {
  if (!existsSync("web/index.html")) return;
  if (existsSync(BUILT) && statSync(BUILT).mtimeMs > Math.max(...SOURCES.map(newest))) return;
  const { build } = await import("vite");
  await build({ root: "web", configFile: "web/vite.config.ts", logLevel: "warn" });
}
