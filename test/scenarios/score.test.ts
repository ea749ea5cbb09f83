/** Batches: real database, blobs, DuckDB and ONNX; every row's score is computed by hand, whatever the file and whatever breaks. */
import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { StepContext } from "../../src/engine/engine.ts";
import { eventLog } from "../../src/engine/events.ts";
import { MillwrightError } from "../../src/errors.ts";
import { type Digest, digestOf } from "../../src/lib/digest.ts";
import type { Signature } from "../../src/onnx/signature.ts";
import type { Platform } from "../../src/pipelines/platform.ts";
import { type ScoreInput, type ScoreOutcome, score } from "../../src/pipelines/score.ts";
import { onnxRuntime } from "../../src/runtime/onnxruntime.ts";
import { sessions } from "../../src/runtime/sessions.ts";
import { type ScorePartInput, scorePart } from "../../src/scoring/score-part.ts";
import { scoringStore } from "../../src/scoring/store.ts";
import { loadModel } from "../../src/serving/load-model.ts";
import { fileBlobs } from "../../src/storage/blobs/files.ts";
import type { Columns } from "../../src/storage/columns/columns.ts";
import { duckdbColumns } from "../../src/storage/columns/duckdb.ts";
import type { Column } from "../../src/table/table.ts";
import { type TestDatabase, testDatabase } from "../../src/testing/database.ts";
import { runPipeline } from "../../src/testing/memory-platform.ts";
import {
  LINE,
  lineModel,
  MAIL,
  mailModel,
  mailProbability,
  THREE,
  threeModel,
} from "./tiny-models.ts";

let database: TestDatabase;
let columns: Columns;
let platform: Platform;
let folder: string;
/** Parts scored since the beginning of the test, and what goes wrong with the n-th. */
let scored: number;
let onPart: (n: number, input: ScorePartInput) => void;
let now: number;
let runs = 0;
const active = new Map<string, Promise<unknown>>();

beforeAll(async () => {
  database = await testDatabase();
  folder = database.folder;
  columns = await duckdbColumns({ scratch: join(folder, "scratch") });
  const blobs = fileBlobs(join(folder, "blobs"));
  const runtime = await onnxRuntime();
  const shelf = sessions<Signature>((onnx) => loadModel({ blobs, runtime }, onnx));
  const models: Record<string, { signature: Signature; onnx: Digest }> = {
    mail: { signature: MAIL, onnx: await blobs.put(mailModel(0)) },
    line: { signature: LINE, onnx: await blobs.put(lineModel()) },
    three: { signature: THREE, onnx: await blobs.put(threeModel()) },
  };
  const registry = {
    find: async (model: string, version: string) =>
      models[model] && { ...models[model], id: digestOf(`${model} ${version}`), number: 3, model },
  };
  const stores = (sql: typeof database.sql) => ({
    scoring: scoringStore(sql),
    announce: async (type: string, subject: string, payload: never, at: number) =>
      eventLog(sql).append({ type, subject, payload, at }, sql),
  });
  const definition = {
    datasets: { mails: { source: "-", key: "id" } },
    models: { mail: { dataset: "mails", target: "phishing" } },
  };
  platform = {
    ...stores(database.sql),
    ...{ columns, blobs, registry, threads: 2 },
    clock: { now: () => now },
    engine: { workers: async () => 1, wait: async (id: string) => active.get(id) },
    datasets: {
      find: async () => {
        throw new MillwrightError("not_found", "none");
      },
    },
    project: async () => ({ definition, folder, code: "sha256:0" }),
    transact: (body: (all: never) => Promise<unknown>) =>
      database.sql.transact((tx) => body(stores(tx) as never)),
    compute: {
      async run(_: string, input: ScorePartInput, step: StepContext) {
        onPart(++scored, input);
        const deps = { columns, blobs, sessions: shelf, signal: step.signal, progress: () => {} };
        const members = async () => new Map<string, never>();
        return scorePart({ ...deps, members, explain: async () => [] }, input);
      },
    },
  } as unknown as Platform;
});
afterAll(async () => {
  await columns.close();
  await database.stop();
});
beforeEach(() => {
  scored = 0;
  onPart = () => {};
  now = Date.UTC(2026, 0, 1, 9, 30);
});

const file = (name: string, bytes: string | Uint8Array): string => {
  writeFileSync(join(folder, name), bytes);
  return name;
};
const run = (
  input: Partial<ScoreInput> & { source: string; out: string },
): Promise<ScoreOutcome> => {
  const runId = `run_score_${runs++}`;
  const out = join(folder, input.out);
  const asked = { model: "mail", version: "champion", folder, ...input, out };
  const done = runPipeline(score(platform), asked, { runId });
  active.set(runId, done);
  return done;
};
const values = (column: Column | undefined): unknown[] =>
  column?.type === "string"
    ? [...column.codes].map((c) => (c < 0 ? null : column.dictionary[c]))
    : [...(column?.values ?? [])];
const read = async (path: string, name: string) =>
  values((await columns.readTable(join(folder, path))).columns.get(name));

const mails = Array.from({ length: 60_000 }, (_, i) => ({
  id: `m${i}`,
  amount: (i * 37) % 401,
  domain: i % 5 === 0 ? "evil.example" : "good.example",
  subject: ["hello there", "your invoice, please", "two\nlines hello", 'say "invoice"'][i % 4]!,
}));
const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
const csv = (rows: typeof mails): string =>
  `id,amount,domain,subject\n${rows.map((m) => `${m.id},${m.amount},${m.domain},${quoted(m.subject)}`).join("\n")}\n`;

/** Every row, in order, with the score it must have. */
async function expectRight(path: string, rows: typeof mails): Promise<void> {
  expect(await read(path, "id")).toEqual(rows.map((m) => m.id));
  const got = (await read(path, "probability_yes")) as number[];
  const far = rows.findIndex((m, i) => !(Math.abs(got[i]! - mailProbability(0, m)) < 1e-6));
  expect(far).toBe(-1);
}

beforeAll(() => void file("mails.csv", csv(mails)));

describe("a batch", () => {
  test("in parts: every row once, in the order of the source; asked again it is answered at once", async () => {
    const source = "mails.csv";
    const done = await run({ source, out: "a.parquet" });
    expect(done).toMatchObject({ rows: 60_000, rejected: 0, partsFound: 0, number: 3 });
    expect(done.parts).toBeGreaterThan(4);
    await expectRight("a.parquet", mails);
    expect(await read("a.parquet", "subject")).toEqual(mails.map((m) => m.subject));
    const again = await run({ source, out: "b.parquet" });
    expect([again.partsFound, scored]).toEqual([done.parts, done.parts]);
    expect(readFileSync(join(folder, "b.parquet"))).toEqual(
      readFileSync(join(folder, "a.parquet")),
    );
    rmSync(join(folder, "a.parquet"));
    const renamed = file("other name.csv", csv(mails));
    expect((await run({ source: renamed, out: "a.parquet" })).partsFound).toBe(done.parts);
  });

  test("packed, as JSON lines, as Parquet and in several files: the same scores", async () => {
    const some = mails.slice(0, 20_000);
    const packed = file("some.csv.gz", gzipSync(csv(some)));
    expect((await run({ source: packed, out: "gz.parquet" })).rows).toBe(20_000);
    await expectRight("gz.parquet", some);
    const lines = file("some.jsonl", some.map((m) => JSON.stringify(m)).join("\n"));
    await run({ source: lines, out: "jsonl.parquet" });
    await expectRight("jsonl.parquet", some);
    await run({ source: "jsonl.parquet", out: "parquet.parquet", version: "2" });
    await expectRight("parquet.parquet", some);
    expect(await read("parquet.parquet", "prediction_2")).toEqual(
      await read("gz.parquet", "prediction"),
    );
    file("part-1.csv", csv(some.slice(0, 11_000)));
    file("part-2.csv", csv(some.slice(11_000)));
    await run({ source: "part-*.csv", out: "many.parquet" });
    await expectRight("many.parquet", some);
  });

  test("CSV and JSON lines come out, too", async () => {
    const source = file("three.csv", csv(mails.slice(0, 3)));
    await run({ source, out: "out.csv" });
    const [head, first] = readFileSync(join(folder, "out.csv"), "utf8").split("\n");
    expect(head).toBe("id,amount,domain,subject,prediction,probability_yes,version,abstained");
    expect(first).toMatch(/^m0,0,evil\.example,hello there,no,0\.2689\d+,3,false$/);
    await run({ source, out: "out.jsonl" });
    const parsed = readFileSync(join(folder, "out.jsonl"), "utf8")
      .trim()
      .split("\n")
      .map((l) => JSON.parse(l));
    expect(parsed[2]).toMatchObject({
      id: "m2",
      subject: "two\nlines hello",
      prediction: "no",
      version: 3,
      abstained: false,
    });
  });

  test("numbers and several classes", async () => {
    const source = file("x.csv", "x\n1\n2\n\n0.5\n");
    await run({ source, model: "line", out: "line.parquet" });
    expect(await read("line.parquet", "prediction")).toEqual([4, 7, 2.5]);
    await run({ source, model: "three", out: "three.parquet" });
    expect(await read("three.parquet", "prediction")).toEqual(["c", "c", "c"]);
    const p = (await read("three.parquet", "probability_a")) as number[];
    expect(p[0]).toBeCloseTo(1 / (1 + Math.E + Math.E ** 2), 6);
  });

  test("bad rows stand aside with file, line and reason; good ones keep their place", async () => {
    const text = `id,amount,domain,subject\na,1,x,hello\nb,lots,x,hello\nc,3,x\nd,4,x,"hello"\n`;
    const done = await run({ source: file("bad.csv", text), out: "bad.parquet" });
    expect([done.rows, done.rejected]).toEqual([2, 2]);
    expect(await read("bad.parquet", "id")).toEqual(["a", "d"]);
    const aside = readFileSync(done.rejectedFile!, "utf8")
      .trim()
      .split("\n")
      .map((l) => JSON.parse(l));
    expect(aside).toEqual([
      {
        file: "bad.csv",
        line: 3,
        reason: "column 'amount': 'lots' is not a number",
        raw: "b,lots,x,hello",
      },
      { file: "bad.csv", line: 4, reason: "3 fields instead of 4", raw: "c,3,x" },
    ]);
  });

  test("an answer that is no finite number is set aside", async () => {
    const done = await run({
      source: file("huge.csv", "x\n1\n3e38\n"),
      model: "line",
      out: "huge.parquet",
    });
    expect([done.rows, done.rejected]).toEqual([1, 1]);
    expect(readFileSync(done.rejectedFile!, "utf8")).toContain("no finite number");
  });
});

describe("when it breaks", () => {
  test("a failing part fails the run; the next one scores only what is missing, and the result is the same", async () => {
    const source = file("break.csv", csv(mails.map((m) => ({ ...m, id: `b${m.id}` }))));
    onPart = (n) => {
      if (n === 4) throw new MillwrightError("invalid_data", "broken on purpose");
    };
    await expect(run({ source, out: "broken.parquet" })).rejects.toThrow("broken on purpose");
    expect(existsSync(join(folder, "broken.parquet"))).toBe(false);
    onPart = () => {};
    scored = 0;
    const done = await run({ source, out: "broken.parquet" });
    expect(done.partsFound).toBeGreaterThan(0);
    expect(scored).toBe(done.parts - done.partsFound);
    await expectRight(
      "broken.parquet",
      mails.map((m) => ({ ...m, id: `b${m.id}` })),
    );
  });

  test("a process that dies after each step: the step is repeated, the result is the same", async () => {
    const source = file("die.csv", csv(mails.slice(0, 9000)));
    const input = {
      model: "mail",
      version: "1",
      folder,
      source,
      out: join(folder, "die.parquet"),
      top: 5,
    };
    for (const dieAfter of ["plan", "score", "write", "forward"]) {
      const done = await runPipeline(score(platform), input, {
        runId: `run_die_${dieAfter}`,
        dieAfter,
      });
      expect([done.rows, done.forwarded?.rows]).toEqual([9000, 5]);
      await expectRight("die.parquet", mails.slice(0, 9000));
    }
    expect(scored).toBe((await run({ source, out: "die.parquet", version: "1" })).parts);
    expect(readdirSync(folder).filter((name) => name.includes(".partial"))).toEqual([]);
  });

  test("a source that changes meanwhile is refused, and nothing is written", async () => {
    const source = file("moving.csv", csv(mails.map((m) => ({ ...m, id: `v${m.id}` }))));
    onPart = (n) => {
      if (n === 3) appendFileSync(join(folder, source), "late,1,x,hello\n");
    };
    await expect(run({ source, out: "moving.parquet" })).rejects.toThrow(
      /'moving.csv' was changed/,
    );
    expect(existsSync(join(folder, "moving.parquet"))).toBe(false);
  });

  test("a truncated file, an empty one, no row, none of the columns, a source as its own result", async () => {
    const cut = file("cut.csv.gz", gzipSync(csv(mails.slice(0, 5000))).subarray(0, 20_000));
    await expect(run({ source: cut, out: "o.parquet" })).rejects.toThrow(/cut off/);
    const half = file("half.parquet", readFileSync(join(folder, "gz.parquet")).subarray(0, 9000));
    await expect(run({ source: half, out: "o.parquet" })).rejects.toThrow(/not sound Parquet/);
    await expect(run({ source: file("void.csv", ""), out: "o.parquet" })).rejects.toThrow(/empty/);
    const other = file("other.csv", "colour,size\nred,1\nblue,2\n");
    await expect(run({ source: other, out: "o.parquet" })).rejects.toThrow(/none of the columns/);
    const own = file("own.csv", csv(mails.slice(0, 3)));
    await expect(run({ source: own, out: "own.csv" })).rejects.toThrow(/name another one/);
    await expect(run({ source: own, out: "o.xlsx" })).rejects.toThrow(/.parquet, .csv or .jsonl/);
    await expect(run({ source: own, out: "no/such/folder.parquet" })).rejects.toThrow(
      /cannot be written/,
    );
    const none = await run({
      source: file("names.csv", "id,amount,domain,subject\n"),
      out: "none.parquet",
    });
    expect([none.rows, none.rejected]).toEqual([0, 0]);
    expect((await columns.describe(join(folder, "none.parquet"))).columns.length).toBe(8);
  });

  test("a full disk: said, the old file is as it was, and what was scored is kept", async (context) => {
    const small = join(folder, "small");
    mkdirSync(small);
    const options = ["-t", "tmpfs", "-o", "size=256k", "tmpfs", small];
    if (spawnSync("mount", options).status !== 0) return context.skip();
    try {
      writeFileSync(join(small, "full.csv"), "as it was");
      const ask = () => run({ source: "mails.csv", out: "small/full.csv", version: "full" });
      await expect(ask()).rejects.toThrow(/disk is full.*is as it was/);
      expect(readdirSync(small)).toEqual(["full.csv"]);
      expect(readFileSync(join(small, "full.csv"), "utf8")).toBe("as it was");
      const before = scored;
      await run({ source: "mails.csv", out: "room.parquet", version: "full" });
      expect(scored).toBe(before);
      await expectRight("room.parquet", mails);
    } finally {
      spawnSync("umount", [small]);
    }
  });

  test("one row, double names, letters of all kinds, a missing column, thousands of columns", async () => {
    const one = file("one.csv", "ID,id,amount,größe 📏,Größe 📏\n1,2,3,日本,\u0000\n4,5,6,é,ü\n");
    const done = await run({ source: one, out: "one.parquet" });
    expect([done.rows, done.rejected]).toEqual([1, 1]);
    const { columns: named } = await columns.describe(join(folder, "one.parquet"));
    expect(named.map((c) => c.name).slice(0, 5)).toEqual([
      "ID",
      "id_2",
      "amount",
      "größe 📏",
      "Größe 📏_2",
    ]);
    expect((await read("one.parquet", "probability_yes"))[0]).toBeCloseTo(
      mailProbability(0, { amount: 6 }),
      6,
    );
    const names = Array.from({ length: 3000 }, (_, i) => `c${i}`);
    const wide = file(
      "wide.csv",
      `${names.join(",")},amount\n${`${names.map(() => "v").join(",")},7\n`.repeat(20)}`,
    );
    expect((await run({ source: wide, out: "wide.parquet" })).rows).toBe(20);
    expect((await columns.describe(join(folder, "wide.parquet"))).columns.length).toBe(3005);
  });
});

describe("the highest scores", () => {
  const best = [...mails.keys()]
    .map((i) => ({ i, p: mailProbability(0, mails[i]!) }))
    .sort((a, b) => b.p - a.p || a.i - b.i);

  test("as a list: exact across parts, ties in the order of the source", async () => {
    const { forwarded } = await run({ source: "mails.csv", out: "top.parquet", top: 500 });
    expect(forwarded).toEqual({
      rows: 500,
      file: join(folder, "top.forwarded.parquet"),
      to: null,
      capacityLeft: null,
    });
    const scores = (await read("top.forwarded.parquet", "probability_yes")) as number[];
    scores.forEach((p, i) => void expect(p).toBeCloseTo(best[i]!.p, 6));
    expect(await read("top.forwarded.parquet", "rank")).toEqual(scores.map((_, i) => i + 1));
    const ids = (await read("top.forwarded.parquet", "id")) as string[];
    const places = ids.map((id) => Number(id.slice(1)));
    expect(
      places.every((place, i) => i === 0 || scores[i]! < scores[i - 1]! || place > places[i - 1]!),
    ).toBe(true);
  });

  test("handed on by capacity: never more in an hour, no row twice, also when a run is repeated", async () => {
    const forward = { to: "analysts", capacity: "40/hour" };
    const source = "mails.csv";
    const seen = new Set<string>();
    const handOn = async (expected: number, dieAfter?: string) => {
      const input = {
        model: "mail",
        version: "7",
        folder,
        source,
        out: join(folder, "f.parquet"),
        forward,
      };
      rmSync(join(folder, "f.forwarded.parquet"), { force: true });
      const { forwarded } = await runPipeline(score(platform), input, {
        runId: `run_forward_${runs++}`,
        ...(dieAfter ? { dieAfter } : {}),
      });
      expect(forwarded!.rows).toBe(expected);
      if (expected === 0) return expect(forwarded!.file).toBe(null);
      for (const id of (await read("f.forwarded.parquet", "id")) as string[]) {
        expect(seen.has(id)).toBe(false);
        seen.add(id);
      }
    };
    await handOn(40, "forward");
    await handOn(0);
    now += 30 * 60_000;
    await handOn(40);
    now += 2 * 3_600_000;
    forward.capacity = "60/hour";
    await handOn(60);
    const expected = new Set(best.slice(0, 140).map(({ p }) => p.toFixed(5)));
    for (const id of seen)
      expect(expected.has(mailProbability(0, mails[Number(id.slice(1))]!).toFixed(5))).toBe(true);
    const events = await database.sql.query(
      "select payload from millwright.event where type = 'rows.forwarded'",
    );
    expect(events.length).toBe(3);
  });

  test("two runs at the same moment share the hour", async () => {
    const forward = { to: "night", capacity: "30/hour" };
    const both = await Promise.all(
      ["p.parquet", "q.parquet"].map((out) =>
        run({ source: "mails.csv", version: "8", out, forward }),
      ),
    );
    expect(both.reduce((sum, { forwarded }) => sum + forwarded!.rows, 0)).toBe(30);
  });

  test("wishes that make no sense are refused", async () => {
    const ask = (more: Partial<ScoreInput>) => run({ source: "x.csv", out: "o.parquet", ...more });
    await expect(ask({ model: "three", top: 3 })).rejects.toThrow(/several classes/);
    await expect(ask({ model: "line", top: 0 })).rejects.toThrow(/whole number/);
    await expect(ask({ model: "line", forward: { to: "x", capacity: "many" } })).rejects.toThrow(
      /40\/hour/,
    );
    await expect(ask({ model: "nobody" })).rejects.toThrow(/no version/);
  });
});

test("batches not asked for in a while give their space back", async () => {
  const store = scoringStore(database.sql);
  await run({ source: file("old.csv", csv(mails.slice(0, 4))), out: "old.parquet" });
  await database.sql.query("update millwright.score_batch set used_at = now() - interval '8 days'");
  const gone = await store.forgetBatches(7 * 86_400_000);
  expect(gone.length).toBeGreaterThan(5);
  expect(await store.forgetBatches(7 * 86_400_000)).toEqual([]);
});
