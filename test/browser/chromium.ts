import { accessSync, constants, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

const runs = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/** The browser to drive: `CHROMIUM`, else Debian's, else one on PATH. Never skipped: without one the tests fail and say how to get it. */
export function chromiumPath(): string {
  const named = process.env.CHROMIUM;
  const candidates = named
    ? [named]
    : [
        "/usr/bin/chromium",
        ...(process.env.PATH ?? "")
          .split(delimiter)
          .flatMap((dir) => NAMES.map((name) => join(dir, name))),
      ];
  const found = candidates.find(runs);
  if (found) return found;
  throw new Error(
    named
      ? `CHROMIUM=${named} cannot be run.`
      : "The browser tests need Chromium. Install it (Debian, Ubuntu: `apt-get install -y chromium`; macOS: `brew install --cask chromium`), or set CHROMIUM to the path of a Chromium or Chrome.",
  );
}

export interface OpenBrowser {
  readonly browser: Browser;
  /** A page that remembers what its console said that is an error, and answers that failed. */
  page(options?: {
    width?: number;
    height?: number;
    dark?: boolean;
  }): Promise<{ page: Page; problems: string[]; context: BrowserContext }>;
  close(): Promise<void>;
}

export async function openBrowser(): Promise<OpenBrowser> {
  const profile = mkdtempSync(join(tmpdir(), "millwright-chromium-"));
  const browser = await chromium.launch({
    executablePath: chromiumPath(),
    headless: true,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
    env: { ...(process.env as Record<string, string>), HOME: profile, XDG_CONFIG_HOME: profile },
  });
  return {
    browser,
    async page({ width = 1440, height = 900, dark = false } = {}) {
      const context = await browser.newContext({
        viewport: { width, height },
        colorScheme: dark ? "dark" : "light",
        reducedMotion: "reduce",
      });
      // A loaded machine takes long.
      context.setDefaultTimeout(120_000);
      const page = await context.newPage();
      const problems: string[] = [];
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
    },
  };
}
