import { describe, expect, test } from "vitest";
import { random } from "../lib/random.ts";
import { type Column, numberColumn, stringColumn, type Table } from "../table/table.ts";
import type { GateContext } from "./gates/gate.ts";
import { auc } from "./metrics/auc.ts";
import { mae } from "./metrics/mae.ts";
import { verdict } from "./verdict.ts";

/** Rows whose probability of being positive is known; models see that probability through noise. */
function world(rows: number, seed: string) {
  const rng = random(seed);
  const truth = Float64Array.from({ length: rows }, () => rng.next() ** 2);
  const target = truth.map((p) => (rng.next() < p ? 1 : 0));
  const model = (noise: number, hurt: (row: number) => boolean = () => false) => ({
    rows,
    width: 1,
    values: truth.map((p, i) => {
      const logit = Math.log((p + 1e-3) / (1.001 - p)) + noise * rng.normal();
      return hurt(i) ? 1 / (1 + Math.exp(logit)) : 1 / (1 + Math.exp(-logit));
    }),
  });
  const flat = { rows, width: 1, values: new Float64Array(rows).fill(1 / 3) };
  return { rng, truth, target, model, flat };
}

const regions = (rows: number): string[] =>
  Array.from({ length: rows }, (_, i) => ["north", "south", "east", "west"][i % 4]!);

const tableOf = (rows: number, columns: Record<string, Column>): Table => ({
  rows,
  columns: new Map(Object.entries(columns)),
});

function context(options: Partial<GateContext> & { rows?: number; noise?: number; seed?: number }) {
  const rows = options.rows ?? 600;
  const w = world(rows, `world ${options.seed ?? 1}`);
  const base: GateContext = {
    task: "binary",
    metric: auc,
    target: w.target,
    candidate: { name: "version 2", scores: w.model(options.noise ?? 0.2) },
    champion: { name: "version 1", scores: w.model(1.5) },
    baseline: { name: "class share", scores: w.flat },
    table: tableOf(rows, { region: stringColumn(regions(rows)) }),
    parity: { maxDifference: 2e-7, rows },
    seed: 1,
  };
  return { world: w, context: base };
}

const outcomes = (v: ReturnType<typeof verdict>) =>
  Object.fromEntries(v.results.map((r) => [r.gate, r.outcome]));

describe("a verdict", () => {
  test("lets a better candidate through and says what it could not have seen", () => {
    const v = verdict(context({}).context);
    expect(v.pass).toBe(true);
    expect(v.reasons.join(" ")).toMatch(/better by \d/);
    expect(v.couldNotHaveSeen).toMatch(
      /600 held-out rows, a true drop in auc of less than .* points/,
    );
    expect(JSON.parse(JSON.stringify(v))).toEqual(v);
  });

  test("is the same for the same seed", () => {
    expect(verdict(context({}).context)).toEqual(verdict(context({}).context));
  });

  test("stops a worse candidate with numbers in the reason", () => {
    const v = verdict(context({ noise: 4 }).context);
    expect(v.pass).toBe(false);
    expect(outcomes(v).beats_champion).toBe("fail");
    expect(v.reasons[0]).toMatch(/auc 0\.\d+, version 1 0\.\d+ on the same 600 rows: worse by/);
  });

  test("refuses an equal candidate unless it is cheaper or equality is enough", () => {
    const { context: c } = context({});
    const equal = { ...c, candidate: { ...c.champion!, name: "version 2" } };
    const only = (ctx: GateContext, params = {}) =>
      verdict(ctx, [{ gate: "beats_champion", params }]);
    expect(only(equal).pass).toBe(false);
    expect(only(equal, { notWorse: "always" }).pass).toBe(true);
    const cheaper = {
      ...equal,
      candidate: { ...equal.candidate, complexity: 100 },
      champion: { ...c.champion!, complexity: 1000 },
    };
    expect(only(cheaper).reasons[0]).toMatch(/90 % simpler/);
    expect(only(cheaper, { notWorse: "never" }).pass).toBe(false);
  });

  test("finds the one slice that became worse behind a better average", () => {
    const { world: w, context: c } = context({ rows: 3000 });
    const west = (row: number) => row % 4 === 3 && row < 480;
    const table = tableOf(3000, {
      region: stringColumn(regions(3000).map((r, i) => (i < 480 ? r : "rest"))),
    });
    const v = verdict({
      ...c,
      table,
      candidate: { name: "version 2", scores: w.model(0.1, west) },
    });
    expect(outcomes(v)).toMatchObject({ beats_champion: "pass", no_slice_worse: "fail" });
    expect(v.reasons[0]).toContain("region = west");
  });

  test("calls a column that knows the answer a leak until it is accepted", () => {
    const { world: w, context: c } = context({});
    const table = tableOf(600, {
      status: stringColumn(Array.from(w.target, (t) => (t === 1 ? "Cancelled" : "Checked out"))),
      amount: numberColumn(w.truth.map((p) => p + w.rng.normal())),
      id: stringColumn(Array.from(w.target, (_, i) => `row ${i}`)),
    });
    const v = verdict({ ...c, table });
    expect(v.pass).toBe(false);
    expect(v.reasons[0]).toMatch(
      /status \(1\) alone tells the answer.*noLeak\({ accept: \["status"\] }\)/,
    );
    const accepted = verdict({ ...c, table }, [
      { gate: "no_leak", params: { accept: ["status"] } },
    ]);
    expect(accepted.pass).toBe(true);
  });

  test("warns of dishonest probabilities, and blocks when told to", () => {
    const { context: c } = context({});
    const squeezed = {
      ...c.candidate,
      scores: { ...c.candidate.scores, values: c.candidate.scores.values.map((p) => p / 4) },
    };
    const v = verdict({ ...c, candidate: squeezed });
    expect(outcomes(v).calibrated).toBe("warn");
    expect(v.warnings[0]).toMatch(/probabilities do not mean what they say/);
    const strict = verdict({ ...c, candidate: squeezed }, [
      { gate: "calibrated", params: { block: true } },
    ]);
    expect(strict.pass).toBe(false);
  });

  test("stops a stored model that answers differently from the trained one", () => {
    const v = verdict({ ...context({}).context, parity: { maxDifference: 0.02, rows: 100 } });
    expect(outcomes(v).parity).toBe("fail");
  });

  test("of a first version judges against the baseline only", () => {
    const { champion: _, ...first } = context({}).context;
    const v = verdict(first);
    expect(v.pass).toBe(true);
    expect(v.couldNotHaveSeen).toContain("Nothing was compared with a champion");
    const { world: w } = context({});
    const useless = verdict({ ...first, candidate: { name: "coin", scores: w.flat } });
    expect(outcomes(useless).beats_baseline).toBe("fail");
  });

  test("judges regression by its own unit", () => {
    const rng = random(3);
    const target = Float64Array.from({ length: 800 }, () => 100 + 20 * rng.normal());
    const noisy = (sd: number) => ({
      rows: 800,
      width: 1,
      values: target.map((t) => t + sd * rng.normal()),
    });
    const v = verdict({
      task: "regression",
      metric: mae,
      target,
      candidate: { name: "version 2", scores: noisy(5) },
      champion: { name: "version 1", scores: noisy(8) },
      baseline: {
        name: "mean",
        scores: { rows: 800, width: 1, values: new Float64Array(800).fill(100) },
      },
      table: tableOf(800, { size: numberColumn(target.map(() => rng.next())) }),
      seed: 1,
    });
    expect(v.pass).toBe(true);
    expect(v.warnings).toHaveLength(1);
  });

  test("names the gates there are when asked for another", () => {
    const ask = () => verdict(context({}).context, [{ gate: "beats_all", params: {} }]);
    expect(ask).toThrow(/gate "beats_all" does not exist; use one of parity, no_leak/);
    const wrong = () => verdict(context({}).context, [{ gate: "calibrated", params: { max: 7 } }]);
    expect(wrong).toThrow(/gate "calibrated": parameter max/);
  });
});

describe("false alarms of the gates", () => {
  test("two equally good models: promoted or stopped by a slice in at most a few percent", () => {
    let promoted = 0;
    let stopped = 0;
    const runs = 40;
    for (let run = 0; run < runs; run++) {
      const rows = 400;
      const w = world(rows, `equal ${run}`);
      const table = tableOf(rows, {
        a: stringColumn(Array.from({ length: rows }, () => `v${w.rng.int(12)}`)),
        b: numberColumn(w.truth.map(() => w.rng.next())),
      });
      const v = verdict(
        {
          task: "binary",
          metric: auc,
          target: w.target,
          candidate: { name: "b", scores: w.model(1) },
          champion: { name: "a", scores: w.model(1) },
          table,
          seed: run,
        },
        [
          { gate: "beats_champion", params: {} },
          { gate: "no_slice_worse", params: {} },
        ],
      );
      if (outcomes(v).beats_champion === "pass") promoted += 1;
      if (outcomes(v).no_slice_worse === "fail") stopped += 1;
    }
    // 2.5 % and at most 5 % are meant (measured on 200 to 1,500 runs: 2.8 % and 0 to 4.5 %).
    expect(promoted).toBeLessThanOrEqual(4);
    expect(stopped).toBeLessThanOrEqual(6);
  });
});
