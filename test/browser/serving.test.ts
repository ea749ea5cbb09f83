import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { HttpServer } from "../../src/http/server.ts";
import { type OpenBrowser, openBrowser } from "./chromium.ts";
import { sampleServer } from "./sample-server.ts";

let server: HttpServer;
let chromium: OpenBrowser;

beforeAll(async () => {
  [server, chromium] = await Promise.all([sampleServer({ logFull: true }), openBrowser()]);
});
afterAll(async () => {
  await chromium?.close();
  await server?.close(100);
});

async function visit(path: string, look: (page: Page) => Promise<void>): Promise<void> {
  const { page, problems, context } = await chromium.page();
  try {
    await page.goto(server.url + path);
    await page.locator("h1").waitFor();
    await page.locator(".loading").waitFor({ state: "detached" });
    await look(page);
    expect(problems).toEqual([]);
  } finally {
    await context.close();
  }
}

describe("who answers", () => {
  test("shares asked and served, guards, outcomes, fallback and deadline, and the traffic in one sentence", () =>
    visit("/models/churn/serving", async (page) => {
      await page.getByText("when it cannot answer, or not within 25 ms").waitFor();
      const canary = page.getByRole("row", { name: /Version 2/ });
      await canary.getByRole("img", { name: /^asked 25 %, served 2\d(\.\d)? %$/ }).waitFor();
      await canary.getByText(/on \d+ labels/).waitFor();
      await page.getByText("None objects. Next: 50 %, 100 %.").waitFor();
      await page.getByText(/^900 predictions in the last 2 days/).waitFor();
      const chart = page.getByRole("img", { name: /^900 predictions by hour/ });
      await chart.focus();
      await page.keyboard.press("ArrowRight");
      await page.getByText(/UTC: \d+ predictions?/).waitFor();
      const first = await page.locator(".chart figcaption").textContent();
      await page.keyboard.press("End");
      await expect.poll(() => page.locator(".chart figcaption").textContent()).not.toBe(first);
      await page.getByText(/Promised: of what it says, at least 80 % is right/).waitFor();
      await page.getByRole("link", { name: "30 days" }).click();
      await page.getByText("in the last 30 days", { exact: false }).first().waitFor();
      expect(new URL(page.url()).search).toBe("?span=30d");
    }));

  test("a split is begun, ended and taken up again, each with the command that does the same", async () => {
    const own = await sampleServer();
    const { page, problems, context } = await chromium.page();
    await page.goto(`${own.url}/models/churn/serving`);
    const dialog = page.getByRole("dialog");
    await page.getByRole("button", { name: "End the split" }).click();
    await dialog.getByText("millwright route churn --off", { exact: true }).waitFor();
    await dialog.getByLabel(/Reason/).fill("the hotline is swamped");
    await dialog.getByRole("button", { name: "End the split" }).click();
    await page.getByText("The hotline is swamped", { exact: false }).waitFor();
    await page.getByText("answers everything").waitFor();

    await page.getByRole("button", { name: "Divide requests" }).click();
    await dialog.getByLabel("How").selectOption("weights");
    await dialog.getByLabel("Version 1, champion").fill("30");
    await dialog.getByLabel("Version 2").fill("70");
    await dialog.getByText("millwright route churn --ab 1=30,2=70", { exact: true }).waitFor();
    await dialog.getByRole("button", { name: "Divide requests" }).click();
    await page.getByText("answers 70 % of requests").waitFor();

    await page.getByRole("button", { name: "Fallback and deadline" }).click();
    await dialog.getByLabel(/Models that stand in/).fill("");
    await dialog.getByLabel(/Deadline/).fill("");
    await dialog.getByText("--fallback none --deadline none").waitFor();
    await dialog.getByRole("button", { name: "Fallback and deadline" }).click();
    await page.getByText("No fallback and no deadline").waitFor();

    const revision = page.getByRole("listitem").filter({ hasText: "Revision 3" });
    await revision.getByRole("button", { name: "Take up again" }).click();
    await dialog.getByText("millwright route churn --undo 3", { exact: true }).waitFor();
    await dialog.getByRole("button", { name: "Take up again" }).click();
    await page.getByText("answers 25 % of requests").waitFor();
    await page.getByText("Back to revision 3, by a person", { exact: false }).waitFor();
    expect(problems).toEqual([]);
    await context.close();
    await own.close(100);
  });

  test("what cannot be done is said in the dialog", async () => {
    const { page, context } = await chromium.page();
    await page.goto(`${server.url}/models/churn/serving`);
    await page.getByRole("button", { name: "Fallback and deadline" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel(/Models that stand in/).fill("nobody");
    await dialog.getByRole("button", { name: "Fallback and deadline" }).click();
    await dialog.getByRole("alert").getByText('model "nobody" is not deployed').waitFor();
    await context.close();
  });
});

describe("the prediction log", () => {
  test("filters and pages are in the address; one prediction says what, who and why", () =>
    visit("/models/churn/predictions", async (page) => {
      const rows = page.locator("table.log tbody tr");
      expect(await rows.count()).toBe(50);
      const newest = await rows.first().textContent();
      await page.getByRole("link", { name: "Older" }).click();
      await page.getByRole("heading", { name: "Older predictions" }).waitFor();
      expect(await rows.first().textContent()).not.toBe(newest);
      await page.goBack();
      await page.getByRole("heading", { name: "Newest predictions" }).waitFor();

      await page.getByLabel("Answered as").selectOption("canary");
      await page.getByLabel("Abstained").selectOption("true");
      await page.getByText("millwright predictions churn --variant canary --abstained").waitFor();
      await page.waitForFunction(() =>
        [...document.querySelectorAll("table.log tbody tr")].every((row) =>
          /said nothing.*v2.*canary/.test(row.textContent ?? ""),
        ),
      );
      expect(new URL(page.url()).search).toBe("?variant=canary&abstained=true");
      await rows.first().getByRole("link").click();
      await page.getByText("which was too uncertain to say").waitFor();
      await page.getByText("by version 2", { exact: true }).waitFor();
      await page
        .getByText(/speaks (for|against) leaves \([+−][\d.]+ log-odds\)/)
        .first()
        .waitFor();
      expect(await page.locator("table.why tbody tr").count()).toBe(5);
      await page.reload();
      await page.getByText("The row as it was sent").waitFor();
      await page.getByRole("link", { name: "← All predictions" }).click();
      expect(new URL(page.url()).search).toBe("?variant=canary&abstained=true");
      await page.getByRole("link", { name: "Clear" }).click();
      await page.getByLabel("Key").fill("C-0000");
      await page.keyboard.press("Enter");
      await page.getByText("No prediction is like that.").waitFor();
    }));

  test("a full disk and a running split are on the first page", () =>
    visit("/", async (page) => {
      await page.getByText("The disk of the prediction log is full.").waitFor();
      expect(await page.getByRole("row", { name: /^churn binary/ }).textContent()).toContain(
        "version 2 answers 25 %",
      );
    }));
});

describe("trying a model", () => {
  test("a row of fields or JSON is answered with reasons by any version; a wrong one is named", async () => {
    const { page, context } = await chromium.page();
    await page.goto(`${server.url}/models/churn/try`);
    const field = (name: string) => page.getByRole("textbox", { name, exact: true });
    await field("tenure_months").fill("three");
    await field("contract").fill("month-to-month");
    await page.getByRole("button", { name: "Ask", exact: true }).click();
    await page.getByText('tenure_months: "three" should be a finite number').waitFor();
    await field("tenure_months").fill("2");
    await field("note").fill("wants a refund, and another refund");
    await page.getByRole("button", { name: "Ask", exact: true }).click();
    await page.locator(".said b", { hasText: "leaves" }).waitFor();
    await page.getByText(/^note = "wants a refund.*speaks for leaves/).waitFor();
    await page.getByLabel("Ask version").selectOption("2");
    await page.getByText("--explain --with 2").waitFor();
    expect(await field("tenure_months").inputValue()).toBe("2");
    await page.getByRole("link", { name: "JSON" }).click();
    await page.getByRole("button", { name: "Fill in the newest logged row" }).click();
    await page.waitForFunction(() => document.querySelector("textarea")?.value.includes("tenure"));
    await page.getByRole("button", { name: "Ask", exact: true }).click();
    await page.getByText("Shapley values, exact, against 40 training rows").waitFor();
    await context.close();
  });

  test("an imported model is answered and explained, and its pages say that nobody judged it", async () => {
    await visit("/models/income/try", async (page) => {
      await page.getByRole("textbox", { name: "age", exact: true }).fill("51");
      await page.getByRole("textbox", { name: "capital_gain" }).fill("9000");
      await page.getByRole("button", { name: "Ask", exact: true }).click();
      await page.locator(".chances li").first().waitFor();
      await page.getByText(/capital_gain = 9000 speaks (for|against)/).waitFor();
    });
    for (const tab of ["leaderboard", "evaluation", "versions", "serving", ""])
      await visit(`/models/income/${tab}`, async (page) => {
        await page
          .getByText(/imported, not judged/i)
          .first()
          .waitFor();
        expect(await page.getByText("millwright train income").count()).toBe(0);
      });
  });
});
