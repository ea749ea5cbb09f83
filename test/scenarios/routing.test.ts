import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { client } from "../../sdk/src/client.ts";
import { serving } from "../../sdk/src/contract/serving.ts";
import { journalRoot } from "../../src/gateway/prediction-log.ts";
import { type Gateway, openGateway } from "../../src/gateway.ts";
import { type Digest, digestOf } from "../../src/lib/digest.ts";
import { onnxRuntime } from "../../src/runtime/onnxruntime.ts";
import type { LogRecord } from "../../src/serving/prediction.ts";
import type { Route, RoutedVersion, Split } from "../../src/serving/route.ts";
import type { Blobs } from "../../src/storage/blobs/blobs.ts";
import { fileBlobs } from "../../src/storage/blobs/files.ts";
import { listSegments, readSegment } from "../../src/storage/journal/segments.ts";
import { quietLog } from "../../src/testing/quiet-log.ts";
import { lineModel, mailModel, mailProbability } from "./tiny-models.ts";

const folder = mkdtempSync(join(tmpdir(), "millwright-routing-"));
const files = fileBlobs(join(folder, "blobs"));
const slow: Digest = digestOf("a file on a store that does not answer");
/** The real store, but for one file that never comes. */
const blobs: Blobs = {
  ...files,
  get: (digest) => (digest === slow ? never : files.get(digest)),
};
let giveUp: () => void = () => undefined;
const never = new Promise<never>((_, reject) => {
  giveUp = () => reject(new Error("given up"));
});
let gateway: Gateway;
let url = "";

const version = async (number: number, onnx: Uint8Array): Promise<RoutedVersion> => ({
  id: digestOf(`version ${number}`),
  ...{ number, onnx: await blobs.put(onnx) },
});
const times = { id: "split_1", begun: 0, since: 0 };

/** A gateway cut off from control and database: it serves what its snapshot says. */
beforeAll(async () => {
  const [one, two, three] = [
    await version(1, mailModel(0)),
    await version(2, mailModel(1)),
    await version(3, mailModel(2)),
  ];
  const sleepy: RoutedVersion = { id: digestOf("sleepy"), number: 9, onnx: slow };
  const broken = await version(8, Buffer.from("no model at all"));
  const lost: RoutedVersion = { id: digestOf("lost"), number: 7, onnx: digestOf("not there") };
  const fields = { key: "sender", pass: ["note"] };
  const split: Split = { ...times, kind: "canary", version: two, percent: 40 };
  const route = (model: string, rest: Partial<Route>): Route => ({
    ...{ model, champion: undefined, shadow: undefined, fields, revision: 1, ...rest },
  });
  const routes: Route[] = [
    route("canary", { champion: one, shadow: three, split }),
    route("weights", {
      champion: one,
      split: {
        ...{ ...times, kind: "weights" },
        arms: [one, two, three].map((version) => ({ version, weight: 1 })),
      },
    }),
    route("failing-arm", { champion: one, split: { ...split, version: broken } }),
    route("global", { champion: three, fields: {} }),
    route("region", { champion: lost, fallback: ["global"] }),
    route("member", { fallback: ["global"], fields: {} }),
    route("tenant", { fallback: ["region"] }),
    route("orphan", { fallback: ["nobody"] }),
    route("slow", { champion: sleepy, fallback: ["region"], deadlineMs: 20 }),
    route("slow-unreadable", { champion: one, fallback: ["line"], deadlineMs: 0 }),
    route("line", { champion: await version(5, lineModel()), fields: {} }),
    route("round", { champion: lost, fallback: ["round-b"] }),
    route("round-b", { champion: lost, fallback: ["round"] }),
  ];
  writeFileSync(join(folder, "routes.json"), JSON.stringify({ change: 7, routes }));
  gateway = await openGateway(
    {
      ...{ runtime: await onnxRuntime(), blobs, sql: undefined },
      ...{ log: quietLog(), version: "1" },
    },
    { port: 0, dataDir: folder },
  );
  url = gateway.url;
});
afterAll(async () => {
  giveUp();
  await gateway.close();
  rmSync(folder, { recursive: true, force: true });
});

const api = () => client(serving, { url });
const ask = async (model: string, rows: object[], rest: object = {}) =>
  (await api().predict({ model, rows: rows as never, ...rest })).predictions;
const mails = (n: number, sender = (i: number) => `sender ${i}`) =>
  Array.from({ length: n }, (_, i) => ({ amount: i, sender: sender(i) }));

async function logged(): Promise<(LogRecord & { kind: "prediction" })[]> {
  const records: LogRecord[] = [];
  for (const segment of await listSegments(journalRoot(folder), Date.now()))
    for (const line of (await readSegment(segment)) ?? []) records.push(JSON.parse(line));
  return records.filter((record) => record.kind === "prediction");
}
const counter = async (name: string) =>
  Number(
    new RegExp(`^millwright_${name}_total (\\d+)`, "m").exec(
      await (await fetch(`${url}/metrics`)).text(),
    )?.[1] ?? 0,
  );

describe("a canary", () => {
  test("answers its share; the answers come in order, each from the version it names", async () => {
    const rows = mails(200);
    const predictions = await ask("canary", rows);
    const shares = { champion: 0, canary: 0 };
    predictions.forEach(({ probability, version, variant }, i) => {
      expect(variant).toBe(version === 1 ? "champion" : "canary");
      expect(probability).toBeCloseTo(mailProbability(version - 1, { amount: i }), 5);
      shares[variant as keyof typeof shares] += 1;
    });
    // These 200 senders fall so for ever: 40 % within four standard errors.
    expect(Math.abs(shares.canary - 80)).toBeLessThan(28);
    expect(shares.champion + shares.canary).toBe(200);
  });

  test("a sender meets the same version in every request, alone or among others", async () => {
    const rows = mails(60);
    const together = await ask("canary", rows);
    // Where the machine has much else to do, callers are sent away for a moment.
    const alone = await Promise.all(
      rows.map(async (row) => {
        for (;;) {
          const said = await ask("canary", [row]).catch((error) => error as { code: string });
          if (Array.isArray(said)) return said;
          expect(said).toMatchObject({ code: "unavailable" });
        }
      }),
    );
    expect(alone.map(([p]) => p!.version)).toEqual(together.map((p) => p.version));
    const one = await ask(
      "canary",
      mails(40, () => "the same sender"),
    );
    expect(new Set(one.map((p) => p.version)).size).toBe(1);
  });

  test("rows without a key are drawn one by one", async () => {
    const predictions = await ask(
      "canary",
      Array.from({ length: 300 }, () => ({ amount: 1 })),
    );
    expect(new Set(predictions.map((p) => p.version))).toEqual(new Set([1, 2]));
  });

  test("is logged as what it is, in order, and its shadow answers beside all of it", async () => {
    const predictions = await ask("canary", mails(50));
    const ids = predictions.map((p) => p.id);
    const own = (await logged()).filter((record) => ids.includes(record.id));
    const answered = own.filter((record) => record.variant !== "shadow");
    expect(answered.map((r) => [r.id, r.version, r.variant, r.key])).toEqual(
      predictions.map((p, i) => [p.id, p.versionId, p.variant, `sender ${i}`]),
    );
    let shadows = 0;
    while (shadows < 50)
      shadows = (await logged()).filter(
        (r) => r.variant === "shadow" && ids.includes(r.id) && r.version === digestOf("version 3"),
      ).length;
    expect(shadows).toBe(50);
  });

  test.each(["2", "canary", "challenger", digestOf("version 2")])(
    "can be asked for by name: %s",
    async (name) => {
      const predictions = await ask("canary", mails(20), { version: name });
      expect(predictions.every((p) => p.version === 2 && p.variant === "requested")).toBe(true);
    },
  );

  test("the champion and the shadow, too; anything else is not served", async () => {
    expect((await ask("canary", mails(9), { version: "champion" }))[0]).toMatchObject({
      ...{ version: 1, variant: "requested" },
    });
    expect((await ask("canary", mails(1), { version: "shadow" }))[0]!.version).toBe(3);
    await expect(ask("canary", mails(1), { version: 4 })).rejects.toThrow("served: 1, 2, 3");
  });

  test("that cannot answer is stood in for by the champion, and that is said", async () => {
    const rows = mails(100);
    const predictions = await ask("failing-arm", rows);
    expect(predictions.map((p) => p.version)).toEqual(rows.map(() => 1));
    const stoodIn = predictions.filter((p) => p.variant === "fallback");
    expect(stoodIn.length).toBeGreaterThan(20);
    expect(stoodIn.length).toBeLessThan(60);
    expect(stoodIn[0]).not.toHaveProperty("level");
  });
});

describe("rows that cannot be read", () => {
  test("fail the whole request, named by their places in it", async () => {
    const rows = mails(30).map((row, i) => (i % 7 === 3 ? { ...row, amount: "much" } : row));
    await expect(ask("weights", rows)).rejects.toMatchObject({
      code: "invalid_input",
      problem: {
        details: {
          count: 4,
          problems: [3, 10, 17, 24].map((row) =>
            expect.objectContaining({ row, column: "amount" }),
          ),
        },
      },
    });
  });

  test("never fall back", async () => {
    await expect(ask("slow-unreadable", [{ amont: 1 }])).rejects.toMatchObject({
      code: "invalid_input",
    });
  });
});

describe("fallbacks", () => {
  test("answer for a model that cannot be loaded, and say who and how far down", async () => {
    const before = await counter("fallbacks");
    const row = { amount: 5, sender: "x", note: "kept" };
    const [prediction] = await ask("region", [row]);
    expect(prediction).toMatchObject({
      ...{ version: 3, variant: "fallback", answeredBy: "global", level: 1 },
      probability: expect.closeTo(mailProbability(2, { amount: 5 }), 5),
    });
    const record = (await logged()).find((r) => r.id === prediction!.id);
    expect(record).toMatchObject({
      ...{ model: "region", variant: "fallback", version: digestOf("version 3") },
      ...{ key: "x", inputs: row },
    });
    expect(await counter("fallbacks")).toBe(before + 1);
  });

  test("a member without a model of its own is answered by the nearest level that can", async () => {
    const [prediction] = await ask("tenant", [{ amount: 5, sender: "x" }]);
    expect(prediction).toMatchObject({ version: 3, answeredBy: "global", level: 2 });
    await expect(ask("tenant", [{ amont: 5 }])).rejects.toMatchObject({ code: "invalid_input" });
    await expect(ask("tenant", [{ amount: 5 }], { version: 3 })).rejects.toThrow("no version");
    await expect(ask("orphan", [{ amount: 5 }])).rejects.toMatchObject({ code: "unavailable" });
  });

  test("its metadata and its feedback are in the words of who answers for it", async () => {
    const about = await (await fetch(`${url}/v2/models/member`)).json();
    expect(about).toMatchObject({ name: "member", versions: ["3"] });
    const [prediction] = await ask("tenant", [{ amount: 5 }]);
    const feedback = [{ id: prediction!.id, label: "yes" }];
    expect(await api().giveFeedback({ model: "tenant", feedback })).toEqual({ kept: 1 });
  });

  test("routes that lead in a circle end", async () => {
    await expect(ask("round", [{ amount: 5 }])).rejects.toMatchObject({ code: "not_found" });
  });
});

describe("a deadline", () => {
  test("an answer that does not come in time is dropped for the fallback's", async () => {
    const before = await counter("late_answers");
    const [prediction] = await ask("slow", [{ amount: 5, sender: "x" }]);
    expect(prediction).toMatchObject({ version: 3, variant: "fallback", level: 2 });
    const records = (await logged()).filter((r) => r.id === prediction!.id);
    expect(records.map((r) => r.version)).toEqual([digestOf("version 3")]);
    expect(await counter("late_answers")).toBe(before + 1);
  });

  test("late is better than nothing: without a stand-in that can read the rows it is waited for", async () => {
    const [prediction] = await ask("slow-unreadable", [{ amount: 5, sender: "x" }]);
    expect(prediction).toMatchObject({ version: 1, variant: "champion" });
  });
});
