// test/browser/chromium.ts
import { accessSync, constants, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { chromium } from "playwright-core";
var NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
var runs = (path) => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};
function chromiumPath() {
  const named = process.env.CHROMIUM;
  const candidates = named ? [named] : [
    "/usr/bin/chromium",
    ...(process.env.PATH ?? "").split(delimiter).flatMap((dir) => NAMES.map((name) => join(dir, name)))
  ];
  const found = candidates.find(runs);
  if (found) return found;
  throw new Error(
    named ? `CHROMIUM=${named} cannot be run.` : "The browser tests need Chromium. Install it (Debian, Ubuntu: `apt-get install -y chromium`; macOS: `brew install --cask chromium`), or set CHROMIUM to the path of a Chromium or Chrome."
  );
}
async function openBrowser() {
  const profile = mkdtempSync(join(tmpdir(), "millwright-chromium-"));
  const browser = await chromium.launch({
    executablePath: chromiumPath(),
    headless: true,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync"
    ],
    env: { ...process.env, HOME: profile, XDG_CONFIG_HOME: profile }
  });
  return {
    browser,
    async page({ width = 1440, height = 900, dark = false } = {}) {
      const context = await browser.newContext({
        viewport: { width, height },
        colorScheme: dark ? "dark" : "light",
        reducedMotion: "reduce"
      });
      const page = await context.newPage();
      const problems = [];
      page.on("console", (message) => {
        if (message.type() === "error" || message.type() === "warning")
          problems.push(message.text());
      });
      page.on("pageerror", (error) => problems.push(error.message));
      page.on("response", (response) => {
        if (response.status() >= 400) problems.push(`${response.status()} ${response.url()}`);
      });
      return { page, problems, context };
    },
    async close() {
      await browser.close();
      rmSync(profile, { recursive: true, force: true });
    }
  };
}

// scratch/real.ts
var b = await openBrowser();
var base = process.argv[2];
var paths = process.argv.slice(3);
for (const [w, h, dark] of [[1440, 900, false]]) {
  const { page, problems } = await b.page({ width: w, height: h, dark });
  for (const p of paths) {
    await page.goto(base + p);
    await page.waitForSelector("h1");
    await page.waitForTimeout(600);
    await page.screenshot({ path: `/tmp/shots/real${p.replaceAll("/", "_")}.png`, fullPage: true });
  }
  if (problems.length) console.log(w, dark, problems);
}
await b.close();
process.exit(0);
