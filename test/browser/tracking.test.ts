import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { HttpServer } from "../../src/http/server.ts";
import { type OpenBrowser, openBrowser } from "./chromium.ts";
import { sampleServer } from "./sample-server.ts";
import {
  fillTracking,
  type SampleRuns,
  type SampleTracking,
  sampleTracking,
} from "./sample-tracking.ts";

/** Experiments and tracked runs in the console, on the real tracking API. */
let tracking: SampleTracking;
let server: HttpServer;
let chromium: OpenBrowser;
let made: SampleRuns;

beforeAll(async () => {
  tracking = await sampleTracking();
  [server, chromium] = await Promise.all([sampleServer({ tracking }), openBrowser()]);
  made = await fillTracking(tracking, server.url);
});
afterAll(async () => {
  await chromium?.close();
  await server?.close(100);
  await tracking?.stop();
});

const inExperiment = (rest = "") => `/experiments/${made.experiment}${rest}`;
const run = (name: string) => made.runs.get(name)!;
const pageOf = (name: string) => inExperiment(`/runs/${run(name)}`);

async function visit(
  path: string,
  look: (page: Page) => Promise<void>,
  options: { width?: number; height?: number; dark?: boolean; refused?: number } = {},
): Promise<void> {
  const { page, problems, context } = await chromium.page(options);
  try {
    await page.goto(server.url + path);
    await page.locator("h1").waitFor();
    await page.locator(".loading").waitFor({ state: "detached" });
    await look(page);
    const allowed = (problem: string) =>
      options.refused !== undefined && problem.includes(String(options.refused));
    expect(problems.filter((problem) => !allowed(problem))).toEqual([]);
  } finally {
    await context.close();
  }
}

const names = (page: Page) => page.locator("table.tracked tbody th a").allTextContents();

describe("experiments", () => {
  test("are found by their name, and say how a script logs here", () =>
    visit("/experiments", async (page) => {
      await page.getByText(`export MLFLOW_TRACKING_URI=${server.url}`, { exact: true }).waitFor();
      await page.getByLabel("Name contains").fill("CHURN");
      await page.keyboard.press("Enter");
      await page.getByRole("link", { name: "phishing" }).waitFor({ state: "detached" });
      expect(new URL(page.url()).search).toBe("?name=CHURN");
      await page.getByRole("link", { name: "churn: boosted trees" }).click();
      await page.getByRole("heading", { name: "churn: boosted trees", level: 1 }).waitFor();
      await page.getByText("Does a deeper tree pay").waitFor();
    }));

  test("without a run say how the first one gets there", () =>
    visit(`/experiments/${made.empty}`, async (page) => {
      await page.getByText("No run yet.").waitFor();
      await page.getByText("MLFLOW_EXPERIMENT_NAME='support replies'").waitFor();
    }));
});

describe("the runs of an experiment", () => {
  test("are there as soon as the server answers", async () => {
    const { page, context } = await chromium.page();
    let asked = 0;
    await page.route("**/mlflow/experiments/get*", (route) =>
      asked++ === 0
        ? route.fulfill({
            status: 503,
            json: { error_code: "TEMPORARILY_UNAVAILABLE", message: "The database is away." },
          })
        : route.continue(),
    );
    await page.goto(server.url + inExperiment());
    await page.getByText("The database is away.").waitFor();
    await page.getByRole("link", { name: "depth-8" }).waitFor();
    await context.close();
  });

  test("filter and order are in the address, and the server does both", () =>
    visit(inExperiment(), async (page) => {
      await page.getByRole("searchbox", { name: "Filter" }).fill("params.max_depth != '8'");
      await page.keyboard.press("Enter");
      await page.getByRole("link", { name: "depth-8" }).waitFor({ state: "detached" });
      await page.getByRole("button", { name: "auc" }).click();
      await page.locator("th[aria-sort=descending]", { hasText: "auc" }).waitFor();
      await expect.poll(async () => (await names(page))[0]).toBe("depth-6");
      const { searchParams } = new URL(page.url());
      expect(Object.fromEntries(searchParams)).toEqual({
        ...{ filter: "params.max_depth != '8'", order: "metrics.`auc` DESC" },
      });
      await page.getByRole("combobox", { name: /^Order/ }).selectOption("metrics.`auc` ASC");
      await expect.poll(async () => (await names(page))[0]).toBe("diverged");
      await page.reload();
      await page.getByRole("link", { name: "depth-7" }).waitFor();
      expect((await names(page))[0]).toBe("diverged");
      await page.goBack();
      await expect.poll(async () => (await names(page))[0]).toBe("depth-6");
    }));

  test("a filter that is none shows what the server says of it", () =>
    visit(
      inExperiment(`?filter=${encodeURIComponent("metrics.auc >> 1")}`),
      async (page) => {
        await page.getByRole("alert").getByText("Invalid comparator '>>'").waitFor();
        await page.getByRole("link", { name: "Show all runs" }).click();
        await page.getByRole("link", { name: "depth-8" }).waitFor();
        expect(await page.getByRole("alert").count()).toBe(0);
      },
      { refused: 400 },
    ));

  test("a filter that matches none says so", () =>
    visit(inExperiment(`?filter=${encodeURIComponent("metrics.auc > 2")}`), async (page) => {
      await page.getByText("No run matches this filter.").waitFor();
    }));

  test("columns are those that tell runs apart, and any others", () =>
    visit(inExperiment(), async (page) => {
      const heads = () => page.locator("table.tracked thead th").allTextContents();
      expect(await heads()).not.toContain("n_estimators");
      await page.getByText("Columns: 5 of 7").click();
      await page.getByRole("checkbox", { name: "n_estimators" }).check();
      await expect.poll(heads).toContain("n_estimators");
      expect(page.url()).toContain("param%3An_estimators");
      await page.getByRole("checkbox", { name: "val_loss" }).uncheck();
      await expect.poll(heads).not.toContain("val_loss");
    }));

  test("chosen ones are compared: what differs, the courses, and back to a run", () =>
    visit(inExperiment(), async (page) => {
      await page.getByRole("checkbox", { name: "Choose depth-3 for comparison" }).check();
      await page.getByText("Choose another one to compare them").waitFor();
      await page.getByRole("checkbox", { name: "Choose diverged for comparison" }).check();
      await page.getByRole("link", { name: "Compare 2 runs" }).click();
      await page.getByRole("heading", { name: "Compare 2 runs" }).waitFor();
      await page.getByText("They differ in metrics, params and tags").waitFor();
      const row = (name: string) => page.getByRole("row").filter({ hasText: name });
      expect(await row("max_depth").textContent()).toBe("max_depth36");
      expect(await row("val_loss").textContent()).toContain("NaN");
      await page.getByLabel("Metric").selectOption("val_loss");
      await page.getByRole("img", { name: /^val_loss over 120 steps, 2 runs/ }).waitFor();
      await page.getByText("diverged (first NaN at step 41)").waitFor();
      expect(await page.locator(".chart path.line").count()).toBeGreaterThanOrEqual(2);
      expect(await row("n_estimators").count()).toBe(0);
      await page.getByRole("link", { name: "Also what is the same" }).click();
      await row("n_estimators").waitFor();
      await page.getByRole("link", { name: "diverged" }).click();
      await page.getByRole("heading", { name: "diverged", level: 1 }).waitFor();
    }));
});

describe("a tracked run", () => {
  test("its chart is read with the keyboard, step by step", () =>
    visit(`${pageOf("diverged")}?metric=val_loss`, async (page) => {
      const chart = page.getByRole("img", { name: /Arrow keys read single steps/ });
      await chart.focus();
      const said = page.locator(".chart figcaption");
      await page.keyboard.press("ArrowRight");
      expect(await said.textContent()).toMatch(/^step 0val_loss 0\.9$/);
      await page.keyboard.press("ArrowRight");
      expect(await said.textContent()).toMatch(/^step 1val_loss 0\.8/);
      await page.keyboard.press("End");
      expect(await said.textContent()).toBe("step 119val_loss NaN");
      await page.keyboard.press("Home");
      expect(await said.textContent()).toMatch(/^step 0/);
    }));

  test("folders of artifacts have addresses, and files are kept by the browser", () =>
    visit(pageOf("depth-6"), async (page) => {
      await page.getByRole("button", { name: "model/" }).click();
      await page.getByRole("row", { name: "model.onnx 47.1 KiB" }).waitFor();
      expect(new URL(page.url()).searchParams.get("folder")).toBe("model");
      const kept = page.waitForEvent("download");
      await page.getByRole("button", { name: "MLmodel" }).click();
      const download = await kept;
      expect(download.suggestedFilename()).toBe("MLmodel");
      expect(readFileSync(await download.path(), "utf8")).toContain("flavors:");
      await page.getByRole("navigation", { name: "Folder" }).getByText("all").click();
      await page.getByRole("button", { name: "report.html" }).waitFor();
    }));

  test("shows data, params, tags and its parts", () =>
    visit(pageOf("depth-6"), async (page) => {
      await page.getByRole("row", { name: "customers (training) 9f3c1a70" }).waitFor();
      await page.getByRole("row", { name: "max_depth 6" }).waitFor();
      await page.getByRole("row", { name: "team retention" }).waitFor();
      await page.getByRole("heading", { name: "Parts (1)" }).waitFor();
      await page.getByRole("link", { name: "depth-6 fold 1" }).click();
      await page.getByRole("heading", { name: "depth-6 fold 1", level: 1 }).waitFor();
      await page.getByRole("link", { name: "depth-6", exact: true }).click();
      await page.getByRole("heading", { name: "depth-6", exact: true, level: 1 }).waitFor();
    }));

  test("of our own says what came of it, and leads to version, steps and candidates", () =>
    visit(`/experiments/${made.trained.experiment}/runs/${made.trained.run}`, async (page) => {
      await page.getByText("Better than version 2 by 1.3 points").waitFor();
      const link = (name: string) => page.getByRole("link", { name }).getAttribute("href");
      expect(await link("Version 3")).toBe("/models/phishing/versions");
      expect(await link("the run of the pipeline")).toBe(`/runs/${made.trained.run}`);
      await page.getByText("95 % interval 0.951 to 0.97").waitFor();
      const chosen = page.getByRole("row").filter({ hasText: "chosen" });
      expect(await chosen.count()).toBe(1);
      expect(await chosen.textContent()).toContain("gbdt-2");
      await page.getByRole("link", { name: "mlp-1" }).click();
      await page.getByText("The loss is NaN after epoch 3.").waitFor();
      await page.goBack();
      await page.getByRole("link", { name: "Compare the candidates" }).click();
      await page.getByRole("heading", { name: "Compare 4 runs" }).waitFor();
    }));

  test("that ended, and nobody said when, is not said to be running", async () => {
    const call = async (path: string, body: object) => {
      const answer = await fetch(`${server.url}/api/2.0/mlflow/runs/${path}`, {
        ...{ method: "POST", headers: { "content-type": "application/json" } },
        body: JSON.stringify(body),
      });
      return answer.json();
    };
    const { run_id } = (await call("create", { experiment_id: "0" })).run.info;
    await call("update", { run_id, status: "FINISHED" });
    await visit(`/experiments/0/runs/${run_id}`, async (page) => {
      await page.locator(".facts").getByText("succeeded").waitFor();
      expect(await page.locator(".facts").textContent()).toContain("Took–");
    });
  });

  test("that nobody knows is answered in words", () =>
    visit(
      inExperiment("/runs/0123456789abcdef0123456789abcdef"),
      async (page) => {
        await page.getByText(/0123456789abcdef0123456789abcdef/).waitFor();
      },
      { refused: 404 },
    ));
});
