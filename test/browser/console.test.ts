import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { HttpServer } from "../../src/http/server.ts";
import { type OpenBrowser, openBrowser } from "./chromium.ts";
import { sampleServer } from "./sample-server.ts";
import { fillTracking, type SampleTracking, sampleTracking } from "./sample-tracking.ts";

let tracking: SampleTracking;
let tracked: string[] = [];
let server: HttpServer;
let empty: HttpServer;
let chromium: OpenBrowser;

beforeAll(async () => {
  tracking = await sampleTracking();
  [server, empty, chromium] = await Promise.all([
    sampleServer({ tracking }),
    sampleServer({ empty: true }),
    openBrowser(),
  ]);
  const { experiment, runs, trained } = await fillTracking(tracking, server.url);
  const some = ["depth-3", "depth-6", "diverged", "still-running"].map((name) => runs.get(name)!);
  tracked = [
    ...["/experiments", "/experiments?name=none", `/experiments/${experiment}`],
    `/experiments/${experiment}?chosen=${some.join(",")}&columns=metric:auc,param:features`,
    `/experiments/${experiment}?filter=metrics.auc%20%3E%202`,
    ...some.map((run) => `/experiments/${experiment}/runs/${run}?metric=val_loss`),
    `/experiments/${trained.experiment}/runs/${trained.run}`,
    `/experiments/${trained.experiment}/runs/${trained.run}-mlp-1`,
    ...["/compare", `/compare?runs=${some.join(",")}`, `/compare?runs=${some.join(",")}&all=true`],
  ];
});
afterAll(async () => {
  await chromium?.close();
  await Promise.all([server?.close(100), empty?.close(100)]);
  await tracking?.stop();
});

/** Opens an address, hands the page over, and insists that the browser's console stayed quiet. */
async function visit(
  path: string,
  look: (page: Page) => Promise<void>,
  options: { width?: number; height?: number; dark?: boolean; on?: HttpServer } = {},
): Promise<void> {
  const { page, problems, context } = await chromium.page(options);
  try {
    await page.goto((options.on ?? server).url + path);
    await page.locator("h1").waitFor();
    await page.locator(".loading").waitFor({ state: "detached" });
    await look(page);
    expect(problems).toEqual([]);
  } finally {
    await context.close();
  }
}

const ADDRESSES = [
  "/",
  "/models/phishing",
  "/models/phishing/leaderboard",
  "/models/phishing/evaluation",
  "/models/phishing/versions",
  "/models/phishing/history",
  "/models/renewals",
  "/models/renewals/serving",
  "/models/renewals/predictions",
  "/models/renewals/try",
  "/models/churn",
  "/models/churn/serving",
  "/models/churn/predictions",
  "/models/churn/predictions?key=nobody",
  "/models/churn/try",
  "/models/churn/try?as=json",
  "/models/churn/versions",
  "/models/income",
  "/models/income/serving",
  "/models/income/predictions",
  "/models/income/try",
  "/models/income/leaderboard",
  "/models/income/evaluation",
  "/models/income/versions",
  "/runs",
  "/runs?state=failed",
  "/runs/run_01k9train4",
  "/runs/run_01k9night2",
  "/datasets",
  "/datasets/mail",
  "/families",
  "/incidents",
];

describe("the console", () => {
  test("the overview says what is wrong, why and what to do", () =>
    visit("/", async (page) => {
      await page.getByRole("heading", { name: "2 models need attention" }).waitFor();
      const incident = page.locator(".incident");
      expect(await incident.count()).toBe(1);
      expect(await incident.textContent()).toContain("The world changed, not the data");
      expect(await incident.textContent()).toContain("about 20 times worse");
      const row = page.getByRole("row", { name: /phishing/ }).first();
      expect(await row.textContent()).toContain("v3");
      expect(await row.textContent()).toContain("0.951");
      await row.getByRole("img", { name: /Log loss: 26 windows/ }).waitFor();
      expect(await page.getByText("millwright show run_01k9churn1").count()).toBe(1);
      await page.getByRole("link", { name: "phishing", exact: true }).click();
      await page.getByRole("heading", { name: "phishing", level: 1 }).waitFor();
      expect(new URL(page.url()).pathname).toBe("/models/phishing");
    }));

  test("the leaderboard draws an interval per candidate and says why the winner won", () =>
    visit("/models/phishing/leaderboard", async (page) => {
      await page.getByText("within one standard error of it").waitFor();
      const rows = page.locator("table.leaderboard tbody tr:not(.divider)");
      // Four that ran every fold, fifteen that left early, and a button for the others.
      expect(await rows.count()).toBe(20);
      await page.getByText("40 configurations beyond the portfolio in 5 rounds").waitFor();
      await page.getByRole("button", { name: "Show 29 further candidates" }).click();
      expect(await rows.count()).toBe(48);
      await page.getByText("cannot be compared with those above").waitFor();
      await page
        .getByRole("img", {
          name: "Average precision 0.959, 95 % interval 0.947 to 0.971",
        })
        .waitFor();
      const chosen = page.locator("tr.winner");
      expect(await chosen.textContent()).toContain("gbdt-2");
      expect(await page.locator("svg.interval-bar").count()).toBe(4);
    }));

  test("versions carry their verdict in words, and a held-back one cannot be promoted from here", () =>
    visit("/models/phishing/versions", async (page) => {
      const second = page.getByRole("article", { name: "Version 2" });
      expect(await second.textContent()).toContain("worse by 0.4 points");
      expect(await second.getByRole("button", { name: "Promote", exact: true }).count()).toBe(0);
      expect(
        await page
          .getByRole("article", { name: "Version 4" })
          .getByRole("button", { name: "Promote", exact: true })
          .count(),
      ).toBe(1);
    }));

  test("the challenger in shadow shows its evidence; the history shows who moved the alias and why", () =>
    visit("/models/phishing", async (page) => {
      await page.getByText("146 of 200 needed").waitFor();
      await page.getByText("e-value 3.80 of 20").waitFor();
      await page.getByRole("link", { name: "History" }).click();
      await page.getByText("Sequential test on 412 paired labels").waitFor();
      await page.goBack();
      await page.getByText("146 of 200 needed").waitFor();
    }));

  test("an action names the command that does the same, and acts", async () => {
    const own = await sampleServer();
    await visit(
      "/models/phishing",
      async (page) => {
        await page.getByRole("button", { name: "Roll back" }).click();
        const dialog = page.getByRole("dialog");
        await dialog.getByText("millwright rollback phishing", { exact: true }).waitFor();
        await dialog.getByLabel(/Reason/).fill("complaints from the hotline");
        await dialog.getByRole("button", { name: "Roll back" }).click();
        await dialog.waitFor({ state: "hidden" });
        await page.getByRole("link", { name: "History" }).click();
        await page.getByText("complaints from the hotline").waitFor();
        await page.getByRole("button", { name: "Retrain" }).click();
        await page.getByRole("dialog").getByRole("button", { name: "Retrain" }).click();
        await page.getByRole("heading", { name: "train · phishing" }).waitFor();
        await page.getByText("The run waits for a worker").waitFor();
      },
      { on: own },
    );
    await own.close(100);
  });

  test("a run shows its steps, durations and progress, and can be cancelled", async () => {
    const own = await sampleServer();
    await visit(
      "/runs/run_01k9train4",
      async (page) => {
        const rows = page.locator("table.steps tbody tr");
        expect(await rows.count()).toBe(4);
        expect(await rows.nth(2).textContent()).toContain("race: fold 1 of 4");
        expect(await rows.nth(2).textContent()).toContain("2 attempts");
        expect(await rows.nth(2).textContent()).toContain("22 s");
        await page.getByRole("progressbar", { name: "race: fold 2 of 4: 42 %" }).waitFor();
        await page.getByRole("button", { name: "Cancel run" }).click();
        await page.getByText("millwright cancel run_01k9train4", { exact: true }).waitFor();
        await page
          .getByRole("dialog")
          .getByRole("button", { name: "Cancel run", exact: true })
          .click();
        await page.locator(".facts").getByText("cancelled").waitFor();
      },
      { on: own },
    );
    await own.close(100);
  });

  test("a pipeline of the project is started from the list of runs, with params", async () => {
    const own = await sampleServer();
    await visit(
      "/runs",
      async (page) => {
        const row = page.getByRole("row", { name: /^nightly every/ });
        expect(await row.textContent()).toContain("every day at 02:00");
        await row.getByRole("button", { name: "Run nightly" }).click();
        const dialog = page.getByRole("dialog");
        await dialog.getByText("millwright run nightly", { exact: true }).waitFor();
        await dialog.getByLabel("Params, as JSON").fill('{"day": 3}');
        await dialog.getByText(`millwright run nightly --params '{"day":3}'`).waitFor();
        await dialog.getByLabel("Params, as JSON").fill("3");
        await dialog.getByRole("button", { name: "Run nightly", exact: true }).click();
        await dialog.getByRole("alert").getByText("Params: write an object").waitFor();
        await dialog.getByLabel("Params, as JSON").fill('{"day": "2026-08-01"}');
        await dialog.getByRole("button", { name: "Run nightly", exact: true }).click();
        await page.getByRole("heading", { name: "nightly", level: 1 }).waitFor();
        await page.getByText("2026-08-01").waitFor();
      },
      { on: own },
    );
    await own.close(100);
  });

  test("a run that waits for a person is told what it waits for; the runs it started are below it", async () => {
    const own = await sampleServer();
    await visit(
      "/runs/run_01k9night2",
      async (page) => {
        await page.getByRole("heading", { name: "Runs it started (1)" }).waitFor();
        await page.getByRole("link", { name: "score · phishing" }).waitFor();
        await page.getByRole("button", { name: 'Send "many mails"' }).click();
        const dialog = page.getByRole("dialog");
        await dialog.getByLabel("What to tell it, as JSON").fill('{"go": true}');
        await dialog
          .getByText(`millwright signal run_01k9night2 'many mails' '{"go": true}'`)
          .waitFor();
        await dialog.getByRole("button", { name: 'Send "many mails"' }).click();
        await page.locator(".facts").getByText("succeeded", { exact: true }).waitFor();
        await page.getByRole("link", { name: "score · phishing" }).click();
        await page.getByRole("link", { name: "run_01k9night2", exact: true }).waitFor();
      },
      { on: own },
    );
    await own.close(100);
  });

  test("a dataset shows schema, anomalies and what was quarantined; its versions have addresses", () =>
    visit("/datasets/mail", async (page) => {
      await page.getByText("19 rows").waitFor();
      await page.getByText("27 % of links are missing").waitFor();
      const leak = page.getByRole("row", { name: /quarantined_by/ });
      expect(await leak.textContent()).toContain("AUC 0.998");
      await page.getByRole("row", { name: /4,610/ }).getByRole("link").click();
      await page.getByText("Everything is as the schema expects.").waitFor();
      expect(page.url()).toMatch(/\?version=[0-9a-f]{12}$/);
    }));

  test("an empty project says what to do", () =>
    visit(
      "/",
      async (page) => {
        await page.getByText("millwright init data.csv --target column").waitFor();
        await page.getByRole("link", { name: "Datasets" }).click();
        await page.getByText("This project has no dataset yet.").waitFor();
      },
      { on: empty },
    ));

  test("an unknown address and an unknown model are answered in words", async () => {
    await visit("/nothing/here", async (page) => {
      await page.getByText("There is no page at /nothing/here.").waitFor();
    });
    const { page, context } = await chromium.page();
    await page.goto(`${server.url}/models/typo`);
    await page.getByText("There is no model typo. Known models: phishing").waitFor();
    await context.close();
  });

  test("a server with a token asks for it once and then works", async () => {
    const own = await sampleServer({ token: "correct-horse-battery" });
    const { page, context } = await chromium.page();
    await page.goto(own.url);
    await page.getByLabel("Token").fill("correct-horse-battery");
    await page.getByRole("button", { name: "Continue" }).click();
    await page.getByRole("heading", { name: "2 models need attention" }).waitFor();
    await context.close();
    await own.close(100);
  });

  test("it says when the server is gone and keeps what it showed", async () => {
    const own = await sampleServer();
    const { page, context } = await chromium.page();
    await page.goto(own.url);
    await page.getByRole("heading", { name: "2 models need attention" }).waitFor();
    await own.close(0);
    await page.getByText("The server does not answer").waitFor();
    await page.getByRole("link", { name: "phishing", exact: true }).waitFor();
    await context.close();
  });
});

describe("everybody can use it", () => {
  const pages = [
    { width: 1440, height: 900, dark: false },
    { width: 390, height: 844, dark: true },
  ];
  test.each(pages)(
    "every page at $width pixels: names, labels, headings in order, no sideways scrolling",
    async (size) => {
      const { page, problems, context } = await chromium.page(size);
      const { predictions } = (await (
        await fetch(`${server.url}/api/models/churn/predictions?limit=1`)
      ).json()) as { predictions: { id: string }[] };
      for (const path of [
        ...ADDRESSES,
        ...tracked,
        `/models/churn/predictions/${predictions[0]!.id}`,
      ]) {
        await page.goto(server.url + path);
        await page.locator("h1").waitFor();
        await page.locator(".loading").waitFor({ state: "detached" });
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        expect([path, ...(await page.evaluate(auditInPage))]).toEqual([path]);
        expect([path, wide]).toEqual([path, 0]);
        expect(await page.title()).toMatch(/ · Millwright$/);
      }
      expect(problems).toEqual([]);
      await context.close();
    },
  );

  test("the keyboard reaches the content, the tabs and the dialog, and closes it", () =>
    visit("/models/phishing", async (page) => {
      await page.keyboard.press("Tab");
      expect(await page.evaluate(() => document.activeElement?.textContent)).toBe(
        "Skip to the content",
      );
      const seen: string[] = [];
      for (let i = 0; i < 30; i++) {
        await page.keyboard.press("Tab");
        seen.push((await page.evaluate(() => document.activeElement?.textContent)) ?? "");
      }
      for (const name of ["Overview", "Leaderboard", "Roll back", "Retrain"])
        expect(seen.some((text) => text.startsWith(name))).toBe(true);
      await page.getByRole("button", { name: "Retrain" }).focus();
      await page.keyboard.press("Enter");
      await page.getByRole("dialog").waitFor();
      await page.keyboard.press("Escape");
      await page.getByRole("dialog").waitFor({ state: "hidden" });
      expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Retrain");
    }));

  test("light and dark follow the system until a person chooses", () =>
    visit(
      "/",
      async (page) => {
        const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
        const dark = await ground();
        await page.getByRole("button", { name: /Colours/ }).click();
        await page.getByRole("button", { name: /Colours: Light/ }).waitFor();
        expect(await ground()).not.toBe(dark);
        await page.reload();
        await page.getByRole("button", { name: /Colours: Light/ }).waitFor();
      },
      { dark: true },
    ));
});

/** By hand what an accessibility checker looks at first. Runs in the page. */
function auditInPage(): string[] {
  const found: string[] = [];
  const shown = (e: Element) => e.checkVisibility();
  const nameOf = (e: Element) =>
    e.getAttribute("aria-label") ??
    (e.getAttribute("aria-labelledby") ?? "")
      .split(" ")
      .map((id) => document.getElementById(id)?.textContent ?? "")
      .join("") ??
    "";
  if (document.documentElement.lang === "") found.push("html has no lang");
  const first = [...document.querySelectorAll("h1")].filter(shown).length;
  if (first !== 1) found.push(`${first} headings of the first level`);
  if (document.querySelectorAll("main").length !== 1) found.push("not one main");
  for (const e of document.querySelectorAll(
    "a, button, summary, [role=img], section, nav, dialog",
  )) {
    if (!shown(e)) continue;
    const text = ["SECTION", "NAV"].includes(e.tagName) ? "" : e.textContent;
    if ((nameOf(e) || text || "").trim() === "")
      found.push(`no name: ${e.outerHTML.slice(0, 120)}`);
  }
  for (const e of document.querySelectorAll("input, select, textarea, progress"))
    if (shown(e) && nameOf(e) === "" && !(e as HTMLInputElement).labels?.length)
      found.push(`no label: ${e.outerHTML.slice(0, 120)}`);
  for (const e of document.querySelectorAll("th"))
    if (!e.hasAttribute("scope")) found.push(`th without scope: ${e.textContent}`);
  const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
  for (const id of ids.filter((id, i) => ids.indexOf(id) !== i)) found.push(`id twice: ${id}`);
  let level = 1;
  for (const e of document.querySelectorAll("main h1, main h2, main h3")) {
    if (!shown(e)) continue;
    const own = Number(e.tagName[1]);
    if (own > level + 1) found.push(`${e.tagName} after level ${level}: ${e.textContent}`);
    level = own;
  }
  return found;
}
