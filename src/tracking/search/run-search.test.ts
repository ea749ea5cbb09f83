import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { random } from "../../lib/random.ts";
import { type TestDatabase, testDatabase } from "../../testing/database.ts";
import { trackedKeys } from "../keys/store.ts";
import { parseFilter } from "./filter.ts";
import type { Position } from "./keyset.ts";
import type { Clause, OrderTerm } from "./kind.ts";
import { RUNS } from "./kinds.ts";
import { parseOrder } from "./order.ts";
import type { View } from "./run-search.ts";
import { runStatement } from "./run-statement.ts";
import { type SearchStore, searchStore } from "./store.ts";

/** What PostgreSQL is compared with: runs as plain objects, and the same clauses evaluated over them. */
interface PlainRun {
  readonly id: string;
  readonly experiment: string;
  readonly stage: "active" | "deleted";
  readonly attributes: Readonly<Record<string, string | number | undefined>>;
  readonly metric: ReadonlyMap<string, number>;
  readonly param: ReadonlyMap<string, string>;
  readonly tag: ReadonlyMap<string, string>;
  readonly datasets: readonly { name: string; digest: string; context: string | undefined }[];
}

const LONG = "x".repeat(64);
const TEXTS = ["", "a", "A", "ab", "a_b", "a%b", "é😀", "10", "9", `${LONG}1`, `${LONG}2`, "\\"];
const VALUES = [
  0,
  -0.5,
  1,
  1,
  2.5,
  1e300,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
];

function plainRuns(): PlainRun[] {
  const chance = random("searched runs");
  const one = <T>(of: readonly T[]): T => of[chance.int(of.length)]!;
  const some = <T>(names: readonly string[], of: readonly T[]) =>
    new Map(names.filter(() => chance.next() < 0.6).map((name) => [name, one(of)] as const));
  return Array.from({ length: 240 }, (_, i) => {
    const id = `${chance
      .int(2 ** 31)
      .toString(16)
      .padStart(8, "0")}${i.toString(16).padStart(24, "0")}`;
    return {
      id,
      experiment: one(["11", "12", "13"]),
      stage: chance.next() < 0.8 ? "active" : "deleted",
      attributes: {
        ...{ run_id: id, run_name: one(TEXTS), user_id: one(["", "kim", "Kim"]) },
        status: one(["RUNNING", "FINISHED", "FAILED"]),
        artifact_uri: `mlflow-artifacts:/${i % 7}`,
        start_time: 1000 + chance.int(12),
        end_time: chance.next() < 0.3 ? undefined : 2000 + chance.int(5),
      },
      metric: some(["m", "n", "o 1"], VALUES),
      param: some(["p", "q", "m"], TEXTS),
      tag: some(["t", "p"], TEXTS),
      datasets: ["d1", "d2"].flatMap((name) =>
        chance.next() < 0.4
          ? [{ name, digest: one(["1", "2"]), context: one(["train", "test", undefined]) }]
          : [],
      ),
    };
  });
}

const RUN_LIST = plainRuns();

function like(value: string, pattern: string, flags: string): boolean {
  const source = Array.from(pattern)
    .map((c) => (c === "%" ? ".*" : c === "_" ? "." : c.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&")))
    .join("");
  return new RegExp(`^${source}$`, flags).test(value);
}

const bytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

function holds(left: string | number | undefined, { operator, value }: Clause): boolean {
  if (operator === "IS NULL") return left === undefined;
  if (operator === "IS NOT NULL") return left !== undefined;
  if (left === undefined) return false;
  switch (operator) {
    case "=":
      return left === value;
    case "!=":
      return left !== value;
    case ">":
      return (left as number) > (value as number);
    case ">=":
      return (left as number) >= (value as number);
    case "<":
      return (left as number) < (value as number);
    case "<=":
      return (left as number) <= (value as number);
    case "IN":
      return (value as string[]).includes(left as string);
    case "NOT IN":
      return !(value as string[]).includes(left as string);
    case "LIKE":
      return like(left as string, value as string, "su");
    case "ILIKE":
      return like(left as string, value as string, "sui");
    default:
      throw new Error(operator);
  }
}

const valueIn = (run: PlainRun, entity: string, key: string): string | number | undefined =>
  entity === "attribute"
    ? run.attributes[key]
    : (run[entity as "metric" | "param" | "tag"] as ReadonlyMap<string, string | number>).get(key);

const matches = (run: PlainRun, clause: Clause): boolean =>
  clause.entity === "dataset"
    ? run.datasets.some((dataset) => holds(dataset[clause.key as "name"], clause))
    : holds(valueIn(run, clause.entity, clause.key), clause);

/** Numbers or texts, then NaN, then missing, whatever the direction. */
function compare(a: PlainRun, b: PlainRun, order: readonly OrderTerm[]): number {
  const rank = (value: unknown) => (value === undefined ? 2 : Number.isNaN(value) ? 1 : 0);
  for (const { entity, key, descending } of order) {
    const [x, y] = [valueIn(a, entity, key), valueIn(b, entity, key)];
    if (rank(x) !== rank(y)) return rank(x) - rank(y);
    if (rank(x) > 0 || x === y) continue;
    const up = typeof x === "string" ? bytes(x, y as string) : (x as number) - (y as number);
    return descending ? -up : up;
  }
  const newest = (b.attributes.start_time as number) - (a.attributes.start_time as number);
  const isTimed = order.some(({ key, entity }) => entity === "attribute" && key === "start_time");
  return (isTimed ? 0 : newest) || bytes(a.id, b.id);
}

interface Asked {
  readonly experiments: readonly string[];
  readonly view: View;
  readonly filter: string;
  readonly order: readonly string[];
}

function expected({ experiments, view, filter, order }: Asked): string[] {
  const clauses = parseFilter(filter, RUNS);
  const terms = parseOrder(order, RUNS);
  return RUN_LIST.filter(
    (run) =>
      experiments.includes(run.experiment) &&
      (view === "ALL" || (view === "ACTIVE_ONLY") === (run.stage === "active")) &&
      clauses.every((clause) => matches(run, clause)),
  )
    .sort((a, b) => compare(a, b, terms))
    .map(({ id }) => id);
}

let database: TestDatabase;
let store: SearchStore;

beforeAll(async () => {
  database = await testDatabase();
  await fill(database);
  store = searchStore(database.sql, trackedKeys(database.sql));
});
afterAll(() => database.stop());

async function fill({ sql }: TestDatabase): Promise<void> {
  await sql.query(`insert into millwright.experiment (id, name, artifact_location, created_at, updated_at)
    select i, 'e' || i, 'mlflow-artifacts:/' || i, i, i from generate_series(11, 13) i`);
  await sql.query(
    `insert into millwright.tracked_run (id, experiment, name, user_id, status, start_time, end_time, lifecycle_stage, artifact_uri)
     select v->>'id', (v->>'experiment')::bigint, v->'attributes'->>'run_name', v->'attributes'->>'user_id', v->'attributes'->>'status',
       (v->'attributes'->>'start_time')::bigint, (v->'attributes'->>'end_time')::bigint, v->>'stage', v->'attributes'->>'artifact_uri'
     from jsonb_array_elements($1::jsonb) v`,
    [JSON.stringify(RUN_LIST)],
  );
  const list = (of: "metric" | "param" | "tag") =>
    JSON.stringify(
      RUN_LIST.flatMap((run) =>
        [...run[of]].map(([key, value]) => ({ run: run.id, key, value: String(value) })),
      ),
    );
  const rows = `from jsonb_array_elements($1::jsonb) v join millwright.tracked_run r on r.id = v->>'run'`;
  for (const of of ["metric", "param", "tag"] as const) {
    await sql.query(
      `insert into millwright.tracked_key (name) select distinct v->>'key' from jsonb_array_elements($1::jsonb) v on conflict do nothing`,
      [list(of)],
    );
    const [columns, values] =
      of === "metric"
        ? [
            "latest_metric (run, key, value, experiment, timestamp, step)",
            "(v->>'value')::float8, r.experiment, 1, 0",
          ]
        : [`${of === "tag" ? "run_tag" : "param"} (run, key, value)`, "v->>'value'"];
    await sql.query(
      `insert into millwright.${columns} select r.seq, k.id, ${values} ${rows} join millwright.tracked_key k on k.name = v->>'key'`,
      [list(of)],
    );
  }
  const datasets = RUN_LIST.flatMap((run) =>
    run.datasets.map((dataset) => ({ ...dataset, run: run.id })),
  );
  await sql.query(
    `insert into millwright.tracked_dataset (experiment, name, digest, source_type, source)
     select distinct r.experiment, v->>'name', v->>'digest', 'local', '' ${rows}`,
    [JSON.stringify(datasets)],
  );
  await sql.query(
    `insert into millwright.run_dataset (run, dataset, tags, context)
     select r.seq, d.id, '[]', v->>'context' ${rows}
     join millwright.tracked_dataset d on d.experiment = r.experiment and d.name = v->>'name' and d.digest = v->>'digest'`,
    [JSON.stringify(datasets)],
  );
}

/** All pages, each fetched with the position the one before gave. */
async function pages(asked: Asked, count: number): Promise<string[]> {
  const found: string[] = [];
  let position: Position | undefined;
  do {
    const page = await store.runs(
      {
        ...{ experiments: asked.experiments, view: asked.view },
        ...{ clauses: parseFilter(asked.filter, RUNS), order: parseOrder(asked.order, RUNS) },
      },
      { position, count },
    );
    expect(page.items.length).toBeLessThanOrEqual(count);
    expect(page.next === undefined || page.items.length === count).toBe(true);
    found.push(...page.items.map(({ id }) => id));
    position = page.next;
  } while (position !== undefined);
  return found;
}

const numeric = fc.constantFrom("=", "!=", ">", ">=", "<", "<=");
const numberValue = fc.constantFrom("0", "-0.5", "1", "2.5", "1e300", "-1e400", "1e400", "0.999");
const textValue = fc
  .constantFrom(...TEXTS, "a%", "%b", "_", "%%_%", "%", "a\\%", "É😀")
  .map((text) => `'${text}'`);
const keyed = fc.constantFrom(
  "params.p",
  "params.q",
  "params.m",
  "tags.t",
  "tags.p",
  "params.none",
);
const attribute = fc.constantFrom("run_name", "status", "user_id", "artifact_uri");
const operator = fc.constantFrom("=", "!=", "LIKE", "ILIKE");
const listValue = fc
  .array(textValue, { minLength: 1, maxLength: 3 })
  .map((all) => `(${all.join(",")})`);
const clause = fc.oneof(
  fc
    .tuple(
      fc.constantFrom("metrics.m", "metrics.n", "metrics.`o 1`", "metrics.none"),
      numeric,
      numberValue,
    )
    .map((parts) => parts.join(" ")),
  fc.tuple(fc.oneof(keyed, attribute), operator, textValue).map((parts) => parts.join(" ")),
  fc.tuple(keyed, fc.constantFrom("IS NULL", "IS NOT NULL")).map((parts) => parts.join(" ")),
  fc
    .tuple(fc.oneof(keyed, attribute), fc.constantFrom("IN", "NOT IN"), listValue)
    .map((parts) => parts.join(" ")),
  fc
    .tuple(
      fc.constantFrom("start_time", "end_time"),
      numeric,
      fc.constantFrom("1003", "1003.5", "2002", "0"),
    )
    .map((parts) => parts.join(" ")),
  fc
    .tuple(
      fc.constantFrom("name", "digest", "context"),
      operator,
      fc.constantFrom("'d1'", "'1'", "'train'", "'%'"),
    )
    .map(([key, ...rest]) => `datasets.${key} ${rest.join(" ")}`),
  fc.constant("run_id > ''").map(() => "run_id LIKE '%0%'"),
);
const orderItem = fc.tuple(
  fc.constantFrom(
    ...[
      "metrics.m",
      "metrics.n",
      "metrics.none",
      "params.p",
      "params.none",
      "tags.t",
      "start_time",
    ],
    ...["end_time", "run_name", "status", "run_id"],
  ),
  fc.constantFrom("", " ASC", " DESC"),
);
const asked: fc.Arbitrary<Asked> = fc.record({
  experiments: fc.uniqueArray(fc.constantFrom("11", "12", "13", "99"), { minLength: 1 }),
  view: fc.constantFrom("ACTIVE_ONLY", "DELETED_ONLY", "ALL"),
  filter: fc.array(clause, { maxLength: 3 }).map((clauses) => clauses.join(" AND ")),
  order: fc
    .uniqueArray(orderItem, { maxLength: 3, selector: ([key]) => key })
    .map((items) => items.map((item) => item.join(""))),
});

it("deleted runs of an experiment are read in order of time, like active ones", async () => {
  for (const [view, index] of [
    ["ACTIVE_ONLY", "tracked_run_newest"],
    ["DELETED_ONLY", "tracked_run_deleted"],
  ] as const) {
    const search = { experiments: ["11"], view, clauses: [], order: [], keys: new Map() };
    const { text, parameters } = runStatement(search, "all", {
      ...{ select: "r.id", position: undefined, limit: 10 },
    })!;
    const plan = await database.sql.transact(async (tx) => {
      await tx.query("set local enable_seqscan = off");
      return tx.query(`explain ${text}`, parameters);
    });
    expect(JSON.stringify(plan)).toContain(index);
    expect(JSON.stringify(plan)).not.toContain("Sort");
  }
});

describe("runs found in PostgreSQL", () => {
  it("are those a plain evaluation of the filter finds, in that order, each once over all pages", async () => {
    let found = 0;
    await fc.assert(
      fc.asyncProperty(asked, fc.constantFrom(1, 7, 40, 1000), async (search, size) => {
        const wanted = expected(search);
        const count = size === 1 && wanted.length > 30 ? 13 : size;
        found += wanted.length;
        expect(await pages(search, count)).toEqual(wanted);
      }),
      { numRuns: 250, seed: 7 },
    );
    expect(found).toBeGreaterThan(2000);
  });

  it("come in the order of a value that very many share, page by page, however small the pages", async () => {
    for (const order of ["params.p", "params.p DESC", "tags.t", "tags.t DESC"])
      for (const filter of ["", "params.p != 'a'", "metrics.m > 0 AND tags.t LIKE '%a%'"])
        for (const experiments of [["11"], ["11", "12", "13"]]) {
          const search: Asked = { experiments, view: "ALL", filter, order: [order] };
          const wanted = expected(search);
          expect(wanted.length).toBeGreaterThan(5);
          for (const count of [1, 2]) expect(await pages(search, count)).toEqual(wanted);
        }
  });

  it("come in every order on several keys", async () => {
    for (const first of ["metrics.m", "metrics.m DESC", "params.p", "tags.t DESC", "end_time"])
      for (const second of ["metrics.n DESC", "metrics.n", "params.q DESC", "run_name DESC"]) {
        const search: Asked = {
          experiments: ["11", "13"],
          view: "ALL",
          filter: "",
          order: [first, second],
        };
        expect(await pages(search, 11)).toEqual(expected(search));
      }
  });

  it("are not missed when others are written between two pages", async () => {
    const search: Asked = {
      experiments: ["12"],
      view: "ALL",
      filter: "",
      order: ["metrics.m DESC"],
    };
    const terms = { ...search, clauses: [], order: parseOrder(search.order, RUNS) };
    const first = await store.runs(terms, { position: undefined, count: 20 });
    const seen = first.items.map(({ id }) => id);
    await database.sql.query(
      `insert into millwright.tracked_run (id, experiment, name, user_id, status, start_time, artifact_uri)
       select 'new' || i, 12, '', '', 'RUNNING', 5000, '' from generate_series(1, 5) i`,
    );
    await database.sql.query(
      `insert into millwright.latest_metric select r.seq, k.id, 12, 'infinity', 1, 1
       from millwright.tracked_run r, millwright.tracked_key k where r.id like 'new%' and k.name = 'm'`,
    );
    const rest = await store.runs(terms, { position: first.next, count: 1000 });
    const all = [...seen, ...rest.items.map(({ id }) => id)];
    expect(all.filter((id) => !id.startsWith("new"))).toEqual(expected(search));
    expect(new Set(all).size).toBe(all.length);
    await database.sql.query("delete from millwright.tracked_run where id like 'new%'");
    await database.sql.query(
      "delete from millwright.latest_metric where timestamp = 1 and step = 1",
    );
  });

  it("may be searched in a hundred experiments and in more", async () => {
    for (const count of [90, 500]) {
      const experiments = [
        "11",
        "12",
        ...Array.from({ length: count }, (_, i) => String(1000 + i)),
      ];
      const search: Asked = {
        experiments,
        view: "ACTIVE_ONLY",
        filter: "metrics.m > 0",
        order: ["metrics.m"],
      };
      expect(await pages(search, 9)).toEqual(expected(search));
    }
  });

  it("are found with more keys than are joined", async () => {
    const names = ["metrics.m", "metrics.n", "metrics.`o 1`", "params.p", "params.q", "params.m"];
    const names8 = [...names, "tags.t", "tags.p"];
    const clauseOn = (name: string) =>
      fc.constantFrom(
        ...(name.startsWith("m")
          ? [`${name} <= 1e400`, `${name} != 7`, `${name} > -1`, ""]
          : [`${name} != 'a'`, `${name} LIKE '%'`, `${name} IS NULL`, `${name} IS NOT NULL`, ""]),
      );
    const search = fc.record({
      experiments: fc.constantFrom(["11"], ["11", "12", "13"]),
      view: fc.constantFrom("ACTIVE_ONLY" as const, "ALL" as const),
      filter: fc
        .tuple(...names8.map(clauseOn))
        .map((clauses) => clauses.filter((clause) => clause !== "").join(" AND ")),
      order: fc
        .uniqueArray(fc.tuple(fc.constantFrom(...names8), fc.constantFrom("", " DESC")), {
          ...{ minLength: 1, maxLength: 8, selector: ([key]: [string, string]) => key },
        })
        .map((items) => items.map((item) => item.join(""))),
    });
    let found = 0;
    await fc.assert(
      fc.asyncProperty(search, async (given) => {
        const wanted = expected(given);
        found += wanted.length;
        expect(await pages(given, 5)).toEqual(wanted);
      }),
      { numRuns: 80, seed: 8 },
    );
    expect(found).toBeGreaterThan(100);
  });

  it("are not searched for longer than is allowed", async () => {
    const hurried = searchStore(database.sql, trackedKeys(database.sql), { timeoutMs: 1 });
    const filter = Array.from({ length: 100 }, (_, i) => `tags.t != 'none${i}'`).join(" AND ");
    const clauses = parseFilter(filter, RUNS);
    const order = parseOrder(["metrics.m", "metrics.n", "params.p", "tags.p"], RUNS);
    const search = hurried.runs(
      { experiments: ["11", "12"], view: "ALL", clauses, order },
      { position: undefined, count: 1000 },
    );
    await expect(search).rejects.toThrow("took longer than 0.001 s");
    const { items } = await store.runs(
      { experiments: ["11"], view: "ALL", clauses: [], order: [] },
      { position: undefined, count: 5 },
    );
    expect(items).toHaveLength(5);
  });

  it("are found with a hundred clauses", async () => {
    const clauses = Array.from({ length: 100 }, (_, i) =>
      i % 2 ? `tags.t != 'none${i}'` : `params.other${i} IS NULL`,
    );
    const search: Asked = {
      experiments: ["11"],
      view: "ALL",
      filter: clauses.join(" AND "),
      order: [],
    };
    expect(await pages(search, 50)).toEqual(expected(search));
  });
});
