/** What strangers send to MLflow's API: refused in MLflow's words, nothing leaks, nothing falls, nothing grows. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { random } from "../../src/lib/random.ts";
import { GOOD_CALLS, type GoodCall, spoilt } from "./tracking-calls.ts";
import { answerOf, JSON_TYPE, openStage, type Stage } from "./tracking-stage.ts";

let at: Stage;
beforeAll(async () => {
  at = await openStage();
});
afterAll(() => at?.stop());

const deep = (open: string, n: number, close: string) => open.repeat(n) + close.repeat(n);

const SQL = [
  "'; drop table runs; --",
  "' or 1=1 --",
  '" or ""="',
  "\\'; select sleep(30); --",
  "1); delete from metric where (1=1",
  "`; select 1; --",
  "$1",
  "%' union select * from users --",
];
const ODD: unknown[] = [
  ...["", " ", "a\0b", "\ud800", "\u202e\u0000", "__proto__", "constructor", "NaN", "-0", "1e400"],
  ...["../../../../etc/passwd", "%00", "😀".repeat(400), "x".repeat(100_000)],
  ...[2 ** 60, -1, 1.5, 1e308, 0, true, false, null, [], {}, [[]], [null], [{}]],
  ...[{ toString: 1 }, { length: 5 }, ["a", 1, null, {}], "9223372036854775808"],
];

describe("every field of every call", () => {
  test.each(SQL)("as SQL: %s", async (sql) => {
    const calls = GOOD_CALLS.flatMap((call) => [...spoilt(call, sql)]);
    expect(await at.faults(calls)).toEqual([]);
  });

  test("as values nobody expects", async () => {
    const calls = GOOD_CALLS.flatMap((call) => ODD.flatMap((value) => [...spoilt(call, value)]));
    expect(await at.faults(calls)).toEqual([]);
  }, 240_000);

  test("everything is still there", async () => {
    expect(await at.faults(GOOD_CALLS)).toEqual([]);
    const [row] = await at.db.sql.query<{ n: number }>(
      "select count(*) as n from millwright.tracked_run where id = $1",
      [at.ids.run],
    );
    expect(row!.n).toBe(1);
  });
});

const FILTERS = [
  ...[
    "metrics.",
    ".m > 1",
    "metrics.m >",
    "> 1",
    "metrics.m > > 1",
    "metrics.m = 'a'",
    "metrics.m",
  ],
  ...["params.p = 1", "params.p = 'a' or params.q = 'b'", "(params.p = 'a')", "params.p == 'a'"],
  ...[
    "params.p = 'a' and",
    "and and and",
    "params.p in ()",
    "params.p in ('a',)",
    "params.p in 'a'",
  ],
  ...["params.p = 'a", 'params.p = "a', "`params.p = 'a'", "params.`p = 'a'", "params.p is", "not"],
  ...[
    "params.p is not",
    "nothing.p = 'a'",
    "attributes.nothing = 'a'",
    "run_id > 'a'",
    "status = 1",
  ],
  ...[
    "start_time = 'a'",
    "start_time > 1e999",
    "metrics.m > NaN",
    "metrics.m > 0x10",
    "metrics.m > --1",
  ],
  ...[
    "tags.k rlike 'a'",
    "tags.k = 'a'; drop table x",
    "params.p = 'a' -- and",
    "/* */ params.p = 'a'",
  ],
  ...["\0", "params.p = '\0'", "\u2028", "params.p = 'a\\'", "params.p like '%_%_%_%_%_%_%'", "💥"],
  ...[`tags.k like '${"%a".repeat(200)}'`, `tags.k ilike '${"%".repeat(5000)}'`, "'".repeat(1000)],
  ...["params.p = 'a' and ".repeat(3000), "(".repeat(50_000), "x".repeat(300_000), "`".repeat(999)],
  ...[`run_id in (${"'a',".repeat(50_000)}'b')`, `tags.${"k".repeat(100_000)} = 'a'`],
  ...[`tags.k = '${"a".repeat(150_000)}'`, "metrics.m > 1".repeat(1000), "tags.a.b.c.d = 'x'"],
];
const SEARCHES: readonly GoodCall[] = GOOD_CALLS.filter(({ path }) => path.endsWith("/search"));

describe("filters", () => {
  test("bad ones are refused, odd ones find nothing", async () => {
    const filters = SEARCHES.flatMap((call) =>
      FILTERS.map((text) => ({
        ...call,
        body: { ...call.body, filter: text, filter_string: text },
      })),
    );
    // A query may not be so long.
    const possible = filters.filter(
      ({ method, body }) =>
        method === "POST" || encodeURIComponent(body.filter as string).length < 5000,
    );
    expect(await at.faults(possible)).toEqual([]);
  }, 240_000);

  test("of which a piece was changed", async () => {
    const rng = random("filters");
    const seeds = SEARCHES.map((call) => [call, (call.body.filter ?? "") as string] as const);
    const spice = [
      "'",
      '"',
      "`",
      "(",
      ")",
      ",",
      ".",
      " and ",
      " IN ",
      "%",
      "\\",
      "\0",
      "=",
      "<",
      "1e9",
    ];
    const calls = Array.from({ length: 1500 }, () => {
      const [call, seed] = seeds[rng.int(seeds.length)]!;
      let filter = seed;
      for (let i = 1 + rng.int(4); i > 0; i--) {
        const at = rng.int(filter.length + 1);
        filter = filter.slice(0, at) + spice[rng.int(spice.length)] + filter.slice(at + rng.int(6));
      }
      return { ...call, body: { ...call.body, filter, filter_string: filter } };
    });
    expect(await at.faults(calls)).toEqual([]);
  }, 240_000);

  test("expressions that backtrack hold nobody up", async () => {
    const { experiment } = at.ids;
    const slow = fetch(`${at.url}/api/3.0/mlflow/traces/search`, {
      method: "POST",
      headers: JSON_TYPE,
      body: JSON.stringify({
        locations: [
          { type: "MLFLOW_EXPERIMENT", mlflow_experiment: { experiment_id: experiment } },
        ],
        filter: `tag.a rlike '${"(a*)*".repeat(20)}\\1b'`,
      }),
    }).then(answerOf);
    for (let i = 0; i < 10; i++) expect(await at.healthy()).toBe(true);
    expect(at.faultOf(await slow)).toBe(undefined);
  });

  test("page tokens that are made up", async () => {
    const tokens = [
      "x",
      "bnVsbA==",
      "W10=",
      "W251bGxd",
      "WzEsWyJhIl1d",
      "%00",
      "A".repeat(5000),
      "🙂",
    ];
    const calls = SEARCHES.flatMap((call) =>
      tokens.map((page_token) => ({ ...call, body: { ...call.body, page_token } })),
    );
    expect(await at.faults(calls)).toEqual([]);
  });
});

describe("bodies", () => {
  test("tags of every size: cut or refused, and told so in few words", async () => {
    const sizes = [249, 250, 251, 8000, 8001, 100_000, 5_000_000];
    const calls = sizes.flatMap((size) => [
      { key: "k".repeat(size), value: "v" },
      { key: "k", value: "v".repeat(size) },
      { key: "k", value: "😀".repeat(size / 4) },
    ]);
    expect(
      await at.faults(calls, (tag) => at.post("/runs/set-tag", { run_id: at.ids.run, ...tag })),
    ).toEqual([]);
    const run = (
      await at.send({ method: "GET", path: "/api/2.0/mlflow/runs/get", body: { run_id: "$run" } })
    ).json;
    const value = run.run.data.tags.find((one: { key: string }) => one.key === "k").value;
    expect(Array.from(value as string).length).toBeLessThanOrEqual(8000);
  });

  test.each([
    ["an array", "[".repeat(10_000) + "]".repeat(10_000)],
    ["an object", `${deep('{"a":', 10_000, "}").replace("}", "1}")}`],
    ["a field", `{"run_id":${deep("[", 10_000, "]")}}`],
    ["a list of tags", `{"run_id":"a","metrics":[${deep("[", 10_000, "]")}]}`],
    ["a field nobody knows", `{"run_id":"a","x":${deep('{"a":[', 5000, "]}").replace("]", "1]")}}`],
    ["half", '{"run_id":"'],
    ["a text in a text", JSON.stringify(JSON.stringify({ run_id: 1 }))],
    ["not UTF-8", "\xff\xfe\xfd"],
    ["a million fields", `{${Array.from({ length: 200_000 }, (_, i) => `"f${i}":1`).join(",")}}`],
    [
      "a hundred thousand points",
      JSON.stringify({
        run_id: "a",
        metrics: Array(100_000).fill({ key: "a", value: 1, timestamp: 1 }),
      }),
    ],
    ["the same field a thousand times", `{${Array(1000).fill('"run_id":"a"').join(",")}}`],
  ])("%s, 10,000 deep or worse", async (_, body) => {
    for (const path of ["/runs/log-batch", "/runs/search", "/experiments/create"]) {
      const answer = await at.post(path, body);
      expect(at.faultOf(answer)).toBe(undefined);
    }
    expect(await at.healthy()).toBe(true);
  });
});

test("thousands of bad calls later: no error of ours, memory as before", async () => {
  const calls = SQL.slice(0, 2).flatMap((sql) =>
    GOOD_CALLS.flatMap((call) => [...spoilt(call, sql)]),
  );
  expect(await at.faults(calls)).toEqual([]);
  const before = at.rss();
  for (let i = 0; i < 3; i++) expect(await at.faults(calls)).toEqual([]);
  expect(at.rss() - before).toBeLessThan(80);
  expect(at.control.exitCode).toBe(null);
  expect(at.said()).not.toMatch(/request failed/);
}, 240_000);
