/** What people feed a command line by mistake or malice: a clear answer each, by the built program as people run it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { random } from "../../src/lib/random.ts";
import { type TestDatabase, testDatabase } from "../../src/testing/database.ts";

const MAIN = join(process.cwd(), "dist/main.js");
let db: TestDatabase;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "millwright-hostile-"));
  db = await testDatabase();
});
afterAll(async () => {
  await db?.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Answer {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

async function millwright(
  args: readonly string[],
  settings: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: folder,
    env: {
      ...process.env,
      DATABASE_URL: db.url,
      MILLWRIGHT_DATA: join(folder, "data"),
      MILLWRIGHT_THREADS: "1",
      ...settings,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [out, error] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString("utf8");
  });
  child.stderr.on("data", (chunk: Buffer) => {
    error += chunk.toString("utf8");
  });
  const [code] = (await once(child, "close")) as [number];
  return { code, out, error };
}

/** One line of a person's words, the code in front: no stack, no internals. */
function expectClear({ error }: Answer, ...words: (string | RegExp)[]): void {
  expect(error).toMatch(/error \[[a-z_]+\] /);
  expect(error).not.toMatch(/^\s+at .*:\d+:\d+/m);
  expect(error).not.toContain("[internal]");
  for (const word of words) expect(error).toMatch(word);
}

const chance = random("hostile");
const ROWS = Array.from({ length: 200 }, (_, i) => ({
  n: (i % 37) + chance.next(),
  k: ["red", "green", "blue"][chance.int(3)]!,
  y: chance.next() < 0.5 ? "yes" : "no",
}));
type Row = (typeof ROWS)[number];
const csv = (head: string, line: (row: Row, i: number) => string, rows = ROWS) =>
  `${[head, ...rows.map(line)].join("\n")}\n`;
const write = (name: string, content: string | Uint8Array) =>
  writeFileSync(join(folder, name), content);

describe("init refuses", () => {
  test.each<[string, string | Uint8Array, (string | RegExp)[]]>([
    ["empty.csv", "", [/is empty/, /at least one row/]],
    ["blank.csv", "\n\n\n", [/is empty/]],
    ["header-only.csv", "n,k,y\n", [/no rows/, /n, k, y/]],
    ["without-target.csv", csv("n,k,y", (r) => `${r.n},${r.k},`), [/'y' has no value/]],
    ["constant.csv", csv("n,k,y", (r) => `${r.n},${r.k},5`), [/'y' is '5' in all 200 rows/]],
    ["one-class.csv", csv("n,k,y", (r) => `${r.n},${r.k},yes`), [/'yes' in all 200 rows/]],
    ["binary.csv", Uint8Array.from({ length: 4000 }, () => chance.int(256)), [/binary, not text/]],
    [
      "cut-off.csv.gz",
      gzipSync(csv("n,k,y", (r) => `${r.n},${r.k},${r.y}`)).subarray(0, 60),
      [/cut off/, /download it again/],
    ],
    ["broken.parquet", "PAR1\0\0\0\0nonsense", [/not sound Parquet/]],
    ["other.csv", csv("n,k,z", (r) => `${r.n},${r.k},${r.y}`), [/"y" is not a column/, /"z"/]],
  ])("%s", async (name, content, words) => {
    write(name, content);
    const answer = await millwright(["init", name, "--target", "y", "--dir", `${name}-project`]);
    expect([1, 2]).toContain(answer.code);
    expectClear(answer, ...words);
    expect(existsSync(join(folder, `${name}-project`))).toBe(false);
  });

  test("a file that is not there, a folder, and a project that is", async () => {
    expectClear(await millwright(["init", "nowhere.csv", "--target", "y"]), /does not exist/);
    mkdirSync(join(folder, "folder.csv"));
    expectClear(await millwright(["init", "folder.csv", "--target", "y"]), /is a folder/);
    write(
      "again.csv",
      csv("n,k,y", (r) => `${r.n},${r.k},${r.y}`),
    );
    const init = ["init", "again.csv", "--target", "y", "--dir", "again"];
    expect((await millwright(init)).code).toBe(0);
    const kept = readFileSync(join(folder, "again/millwright.config.ts"));
    expectClear(await millwright(init), /is there already/, /--force/);
    expect(readFileSync(join(folder, "again/millwright.config.ts"))).toEqual(kept);
  });
});

describe("init takes, and says what it did about it", () => {
  test.each<[string, string | Uint8Array, RegExp]>([
    [
      "ragged.csv",
      csv("n,k,y", (r, i) => (i % 7 ? `${r.n},${r.k},${r.y}` : `${r.n}`)),
      /29 rows could not be read/,
    ],
    [
      "latin1.csv",
      Buffer.from(
        csv("n,k,y", (r) => `${r.n},caf\xe9 ${r.k},${r.y}`),
        "latin1",
      ),
      /not UTF-8.*line 2/,
    ],
    [
      "utf16.csv",
      Buffer.from(`\ufeff${csv("n,k,y", (r) => `${r.n},${r.k},${r.y}`)}`, "utf16le"),
      /is UTF-16/,
    ],
    ["twice.csv", csv("n,n,y", (r) => `${r.n},${r.k},${r.y}`), /'n' stands twice/],
    ["all-missing.csv", csv("n,k,y", (r) => `,,${r.y}`), /No column is left to learn from/],
    ["one-column.csv", csv("y", (r) => r.y), /No column is left to learn from/],
    [
      "few.csv",
      csv("n,k,y", (r) => `${r.n},${r.k},${r.y}`, ROWS.slice(0, 12)),
      /Only 12 rows .* at least 30/,
    ],
  ])("%s", async (name, content, words) => {
    write(name, content);
    const answer = await millwright(["init", name, "--target", "y", "--dir", `${name}-project`]);
    expect(answer.error).not.toContain("error");
    expect(answer.code).toBe(0);
    expect(answer.out.replaceAll(/\s+/g, " ")).toMatch(words);
  });
});

const project = (name: string, model: object, source = `../${name}.csv`): string => {
  const dir = join(folder, `of-${name}`);
  mkdirSync(dir, { recursive: true });
  const definition = {
    datasets: { [name]: { source } },
    models: { [name]: { dataset: name, target: "y", train: FAST, ...model } },
  };
  writeFileSync(
    join(dir, "millwright.config.ts"),
    `export default ${JSON.stringify(definition, null, 1)};\n`,
  );
  return dir;
};
const FAST = { budget: "1s", trainers: ["baseline", "linear"] };

describe("train", () => {
  test.each<[string, string, RegExp]>([
    ["nothing", csv("n,k,y", (r) => `,,${r.y}`), /no column is left to learn from/],
    ["little", csv("n,k,y", (r) => `${r.n},${r.k},${r.y}`, ROWS.slice(0, 12)), /at least 30/],
    ["single", csv("n,k,y", (r) => `${r.n},${r.k},yes`), /'yes' in all|nothing to learn/],
    ["lines", "n,k,y\n", /no rows/],
  ])("says why it cannot: %s", async (name, content, words) => {
    write(`${name}.csv`, content);
    const answer = await millwright(["train", "--project", project(name, {})]);
    expect(answer.code).toBe(1);
    expectClear(answer, words);
  });

  test("a column that a model file needs for itself, numbers that are none, 300 columns called c0 …, and path tricks in names", async () => {
    const odd = ["value", "probability", "label", "#c0", "../../escape", 'a"b', "__proto__"];
    const names = [...odd, ...Array.from({ length: 300 }, (_, i) => `c${i}`)];
    const quoted = names.map((name) => `"${name.replaceAll('"', '""')}"`);
    const broken = ["NaN", "inf", "-Infinity", "1e999", ""];
    const cell = (r: Row, i: number, k: number) =>
      (i + k) % 11 === 0 ? broken[(i + k) % 5]! : String((r.n * (k + 1)) % 17);
    const line = (r: Row, i: number) =>
      [...names.map((_, k) => cell(r, i, k)), String(r.n * 2)].join(",");
    write("odd.csv", csv([...quoted, "y"].join(","), line));
    const dir = project("odd", { features: { "#c0": { role: "ignore" } } });
    const answer = await millwright(["train", "--json", "--project", dir]);
    expect(answer.code, answer.out).toBe(0);
    expect(JSON.parse(answer.out)).toMatchObject({ model: "odd", number: 1 });
    expect(existsSync(join(folder, "../escape"))).toBe(false);
  });

  test("a gate, a metric, a source and a model that do not exist are named", async () => {
    write(
      "sound.csv",
      csv("n,k,y", (r) => `${r.n},${r.k},${r.y}`),
    );
    const train = (model: object, source?: string) =>
      millwright(["train", "--project", project("sound", model, source)]);
    expectClear(await train({ gates: [{ gate: "good", params: {} }] }), /"good"/, /beats_champion/);
    expectClear(await train({ train: { ...FAST, metric: "accurate" } }), /"accurate"/, /accuracy/);
    expectClear(await train({}, "../gone.csv"), /gone\.csv/, /does not exist/);
    const nobody = await millwright([
      "train",
      "nobody",
      "--json",
      "--project",
      project("sound", {}),
    ]);
    expect(nobody.code).toBe(2);
    expect(JSON.parse(nobody.out)).toMatchObject({
      error: { code: "invalid_input", message: expect.stringContaining("nobody"), details: {} },
    });
  });
});

describe("a project's configuration", () => {
  const minimal = (models: string) =>
    `export default {\n  datasets: { a: { source: "a.csv" } },\n  models: {\n    ${models}\n  },\n};\n`;
  test.each<[string, string, RegExp]>([
    ["syntax error", "export default {\n  datasets: {\n};\n", /millwright\.config\.ts:3:\d+: /],
    ["unknown field", minimal('m: { dataset: "a", target: "y", trian: {} }'), /\.ts:4: .*"trian"/],
    [
      "wrong type",
      minimal('m: { dataset: "a", target: 5 }'),
      /\.ts:4: models\.m\.target: .*string/,
    ],
    [
      "wrong value",
      minimal('m: { dataset: "a", target: "y", train: { budget: "soon" } }'),
      /"60s"/,
    ],
    ["unknown dataset", minimal('m: { dataset: "b", target: "y" }'), /\.ts:4: .*"b".*datasets: a/],
    ["name with a path", minimal('"../m": { dataset: "a", target: "y" }'), /use letters, digits/],
    ["no export", "export const a = 1;\n", /default export/],
    ["throws", 'throw new Error("on purpose");\nexport default {};\n', /on purpose/],
    ["missing import", 'import a from "./b.ts";\nexport default a;\n', /\.ts:1:\d+: .*b\.ts/],
  ])("%s: the message points at it", async (name, text, words) => {
    const dir = join(folder, `config ${name}`);
    mkdirSync(dir);
    writeFileSync(join(dir, "millwright.config.ts"), text);
    const answer = await millwright(["status", "--project", dir]);
    expect(answer.code).toBe(1);
    expectClear(answer, words, /invalid_config/);
  });

  test("none at all; and a data folder that is a file", async () => {
    const dir = join(folder, "no-project");
    mkdirSync(dir);
    expectClear(await millwright(["status", "--project", dir]), /is no Millwright project/, /init/);
    const settings = { MILLWRIGHT_DATA: join(folder, "sound.csv"), DATABASE_URL: "" };
    const blocked = await millwright(["status", "--project", join(folder, "of-sound")], settings);
    expect(blocked.code).toBe(1);
    expectClear(blocked, /sound\.csv/);
  });

  test("variables: the wrong one is named", async () => {
    const answer = await millwright(["status", "--project", join(folder, "of-sound")], {
      MILLWRIGHT_PORT: "seventy",
    });
    expectClear(answer, /MILLWRIGHT_PORT=seventy/);
    const gone = await millwright(["status", "--project", join(folder, "of-sound")], {
      DATABASE_URL: db.url.replace(/:[^:@]+@/, ":wrong@"),
    });
    expectClear(gone, /refuses the login/, /DATABASE_URL/);
  });
});

describe("damage", () => {
  test("a stored model whose bytes have changed is never used: said by name, and the run fails", async () => {
    write(
      "signal.csv",
      csv("n,k,y", (r) => `${r.n + (r.y === "yes" ? 22 : 0)},${r.k},${r.y}`),
    );
    const dir = project("signal", {});
    const first = JSON.parse((await millwright(["train", "--json", "--project", dir])).out);
    expect(first.deployment).toBe("promoted");
    const [row] = await db.sql.query<{ body: { onnx: string } }>(
      "select body from millwright.model_version where id = $1",
      [first.version],
    );
    const digest = row!.body.onnx.slice(7);
    const file = join(folder, "data/blobs", digest.slice(0, 2), digest.slice(2));
    const bytes = readFileSync(file);
    bytes[bytes.length >> 1]! ^= 255;
    rmSync(file);
    writeFileSync(file, bytes);
    const args = ["predict", "--project", dir, "signal", "n=3", "k=red"];
    const answer = await millwright(args, { MILLWRIGHT_GATEWAY_PORT: "1" });
    expect(answer.code).toBe(1);
    expect(answer.error).toMatch(/have changed on disk/);
    expect(answer.error).toContain(digest);
    expect(answer.error).not.toMatch(/^\s+at .*:\d+:\d+/m);
  });

  test("of the embedded database's state: said, and nothing is replaced", async () => {
    const data = join(folder, "own-data");
    const state = join(data, "postgres/server.json");
    mkdirSync(join(data, "postgres"), { recursive: true });
    writeFileSync(state, "{ nonsense");
    const answer = await millwright(["status", "--project", join(folder, "of-sound")], {
      DATABASE_URL: "",
      MILLWRIGHT_DATA: data,
    });
    expect(answer.code).toBe(1);
    expect(answer.error).toMatch(/server\.json is damaged/);
    expect(answer.error).not.toMatch(/^\s+at .*:\d+:\d+/m);
    expect(readFileSync(state, "utf8")).toBe("{ nonsense");
    expect(readdirSync(join(data, "postgres"))).toEqual(["server.json"]);
    expect(statSync(join(folder, "data/blobs")).isDirectory()).toBe(true);
  });
});

test("wrong usage: exit code 2, and with --json the form of every error", async () => {
  const answer = await millwright(["train", "--json", "--bogus"]);
  expect(answer.code).toBe(2);
  expect(JSON.parse(answer.out)).toMatchObject({
    error: { code: "invalid_input", message: expect.stringContaining("--bogus") },
  });
  expect((await millwright(["nosuch"])).code).toBe(2);
});
