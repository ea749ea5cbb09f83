import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { HttpServer } from "../../src/http/server.ts";
import { type OpenBrowser, openBrowser } from "./chromium.ts";
import { type SampleFamily, sampleFamily } from "./sample-family.ts";
import { sampleServer } from "./sample-server.ts";

/** Families in the console, on the real routes and a database with ten thousand members. */
const CUSTOMERS = 10_000;
let family: SampleFamily;
let server: HttpServer;
let chromium: OpenBrowser;

beforeAll(async () => {
  family = await sampleFamily(CUSTOMERS);
  const { families } = family;
  [server, chromium] = await Promise.all([sampleServer({ families }), openBrowser()]);
});
afterAll(async () => {
  await chromium?.close();
  await server?.close(100);
  await family?.stop();
});

async function visit(
  path: string,
  look: (page: Page) => Promise<void>,
  options: {
    width?: number;
    height?: number;
    dark?: boolean;
    refused?: number;
    /** Runs in the page before it is loaded. */
    before?: () => void;
  } = {},
): Promise<void> {
  const { page, problems, context } = await chromium.page(options);
  try {
    if (options.before) await page.addInitScript(options.before);
    await page.goto(server.url + path);
    await page.locator("h1").waitFor();
    await page.locator(".loading").first().waitFor({ state: "detached" });
    await look(page);
    const allowed = (problem: string) =>
      options.refused !== undefined && problem.includes(String(options.refused));
    expect(problems.filter((problem) => !allowed(problem))).toEqual([]);
  } finally {
    await context.close();
  }
}

const map = (page: Page) =>
  page.getByRole("img", { name: /^10,000 members of the level customer/ });
const names = (page: Page) => page.locator("table.members tbody th a").allTextContents();

describe("families", () => {
  test("are in the navigation, and linked from their model", async () => {
    await visit("/", async (page) => {
      await page.getByRole("navigation", { name: "Main" }).getByText("Families").click();
      const row = page.getByRole("row", { name: /^churn/ });
      await row.getByText("12 failing").waitFor();
      await row.getByRole("link", { name: "churn" }).click();
      await page.getByRole("heading", { name: "churn", level: 1 }).waitFor();
    });
    await visit("/models/churn", async (page) => {
      await page.getByRole("link", { name: /members of its family stand alone/ }).click();
      await page.getByRole("heading", { name: "Levels" }).waitFor();
    });
  });

  test("a project without one says how to get one", async () => {
    const own = await sampleServer();
    const { page, problems, context } = await chromium.page();
    await page.goto(`${own.url}/families`);
    await page.getByText("No family has been trained yet.").waitFor();
    expect(problems).toEqual([]);
    await context.close();
    await own.close(100);
  });
});

describe("a family of ten thousand", () => {
  test("says what is wrong, why, and what to do", () =>
    visit("/families/churn", async (page) => {
      await page
        .getByText(/of 10,030 members stand alone, .* 12 are failing\. .* lower than/)
        .waitFor();
      await page.getByText("12 members have become worse").waitFor();
      await page
        .getByText(/^millwright train churn --members \$\(millwright family churn --failing/)
        .last()
        .waitFor();
      await page.getByRole("link", { name: "Show them" }).click();
      await expect.poll(() => page.locator("table.members tbody tr").count()).toBe(12);
      await page.getByText("12 of 10,000 members, most rows first").waitFor();
      await page.getByRole("button", { name: "Retrain 12 failing" }).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByRole("button", { name: "Retrain 12 failing" }).click();
      await page.waitForURL(/\/runs\//);
    }));

  test("the map is one element, read by pointer and keys, and opens a member", () =>
    visit("/families/churn", async (page) => {
      await map(page).waitFor();
      expect(await map(page).evaluate((element) => element.tagName)).toBe("CANVAS");
      const caption = page.locator(".heat figcaption");
      await map(page).hover({ position: { x: 3, y: 3 } });
      await caption.getByText(/^customer \d+: .* rows to learn from$/).waitFor();
      const first = await caption.textContent();
      await map(page).focus();
      await page.keyboard.press("End");
      await caption.getByText(/uses its parent, 30 rows/).waitFor();
      await page.keyboard.press("Home");
      await expect.poll(() => caption.textContent()).toBe(first);
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("ArrowRight");
      const name = /^customer \d+/.exec((await caption.textContent())!)![0];
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { name, level: 1 }).waitFor();
      await page.goBack();
      await map(page).click({ position: { x: 3, y: 3 } });
      await page.getByRole("heading", { name: /^customer/, level: 1 }).waitFor();
    }));

  test("the map has the colours of the scheme, and is never wider than its card", async () => {
    await visit(
      "/families/churn",
      async (page) => {
        await map(page).waitFor();
        const colours = () =>
          map(page).evaluate((element) => {
            const canvas = element as HTMLCanvasElement;
            const copy = new OffscreenCanvas(canvas.width, canvas.height);
            const context = copy.getContext("2d", { willReadFrequently: true })!;
            context.drawImage(canvas, 0, 0);
            const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
            const pixels = new Set<string>();
            for (let i = 0; i < data.length; i += 4)
              if (data[i + 3] === 255) pixels.add(`${data[i]},${data[i + 1]},${data[i + 2]}`);
            return [...pixels].sort();
          });
        const light = await colours();
        // Uses its parent, five steps of gain, failing.
        expect(light.length).toBe(7);
        await page.emulateMedia({ colorScheme: "dark" });
        await expect.poll(async () => (await colours()).join()).not.toBe(light.join());
        const wide = await page.evaluate(() => (window as { wider?: string[] }).wider);
        expect(wide).toEqual([]);
      },
      {
        ...{ width: 390, height: 844 },
        before: () => {
          const seen: string[] = [];
          (window as { wider?: string[] }).wider = seen;
          const look = () => {
            const width = (of: string) => document.querySelector(of)?.getBoundingClientRect().width;
            const [map, card] = [width(".heat canvas"), width(".heat")];
            if (map !== undefined && card !== undefined && map > card)
              seen.push(`${map} in ${card}`);
            requestAnimationFrame(look);
          };
          requestAnimationFrame(look);
        },
      },
    );
  });

  test("search, state, order, level and page are in the address, each with its command", () =>
    visit("/families/churn", async (page) => {
      await page.getByLabel("Name or value contains").fill("customer 0001");
      await page.getByText("10 of 10,000 members, most rows first").waitFor();
      await expect.poll(() => page.locator("table.members tbody tr").count()).toBe(10);
      await page.getByRole("button", { name: "Member", exact: true }).click();
      await expect.poll(async () => (await names(page))[0]).toBe("customer 00010");
      await page
        .getByText("millwright family churn --level 0 --search 'customer 0001' --order name")
        .waitFor();
      expect(Object.fromEntries(new URL(page.url()).searchParams)).toEqual({
        search: "customer 0001",
        order: "name",
      });
      await page.reload();
      await expect.poll(async () => (await names(page))[0]).toBe("customer 00010");
      await page.getByRole("link", { name: "Clear" }).click();
      await page.getByText("1 – 25 of 10,000").waitFor();
      expect(await page.getByLabel("Name or value contains").inputValue()).toBe("");
      await page.getByRole("link", { name: "Next" }).click();
      await page.getByText("26 – 50 of 10,000").waitFor();
      expect((await names(page))[0]).toBe("customer 00025");
      await page.getByRole("link", { name: "branch × region" }).click();
      await page.getByText("1 – 24 of 24").waitFor();
      await page.getByRole("combobox", { name: "State" }).selectOption("failing");
      await page.getByText("No member of this level is failing.").waitFor();
      await page.getByRole("combobox", { name: "State" }).selectOption("");
      await page.getByLabel("Name or value contains").fill("nobody");
      await page.getByText("No member of this level matches.").waitFor();
    }));

  test("shows gains, what answers, and trainings with their runs", () =>
    visit("/families/churn", async (page) => {
      const gains = page.getByRole("img", { name: /^Gains of [\d,]+ members/ });
      await gains.focus();
      await page.keyboard.press("ArrowRight");
      await page.getByText(/members? with 0 % to 5 % less loss than the parent/).waitFor();
      await page.locator(".winners").getByText("corrects the parent cautiously").waitFor();
      await page.getByText("some, under training 1").waitFor();
      await page.getByRole("link", { name: "Training 1" }).click();
      await page.waitForURL(/\/runs\/run_01k9train3$/);
    }));
});

describe("a member", () => {
  test("that stands alone says by how much, what was tried, how it does, and how to train it again", () =>
    visit("/families/churn?state=failing", async (page) => {
      await page.locator("table.members tbody th a").first().click();
      await page.getByText("It has become worse:").waitFor();
      await page.getByText(/^A model of its own answers, version 2/).waitFor();
      expect(await page.locator("table.tried tbody tr").count()).toBeGreaterThan(1);
      await page.getByText("worse than expected").waitFor();
      await page.getByText("the values of each row say who").first().waitFor();
      await page.getByRole("button", { name: "Retrain" }).click();
      await page
        .getByRole("dialog")
        .getByText(/^millwright train churn --members churn\.customer-/)
        .waitFor();
    }));

  test("without a model of its own says who answers instead, and why", () =>
    visit("/families/churn?level=1&state=parent", async (page) => {
      await page.locator("table.members tbody th a").first().click();
      await page
        .getByText("Its parent answers for it: nothing did better than the parent")
        .waitFor();
      await page.locator(".chain").getByText("answers", { exact: true }).waitFor();
      await page.getByText("Without a model of its own it has no route").waitFor();
    }));

  test("that is not there is answered in words", () =>
    visit(
      "/families/churn/members/churn.nobody",
      async (page) => {
        await page.getByText("There is no such member.").waitFor();
        await page.getByRole("link", { name: "Look for it among the members" }).click();
        await map(page).waitFor();
      },
      { refused: 404 },
    ));
});

test.each([
  { width: 1440, height: 900, dark: false },
  { width: 390, height: 844, dark: true },
])("nothing scrolls sideways at $width pixels", async (size) => {
  for (const path of ["", "/churn", "/churn?level=2", "/churn/members/churn.L2.retail"])
    await visit(
      `/families${path}`,
      async (page) => {
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        expect([path, wide]).toEqual([path, 0]);
      },
      size,
    );
});
