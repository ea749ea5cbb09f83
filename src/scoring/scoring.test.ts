import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Digest } from "../lib/digest.ts";
import type { Source } from "../storage/columns/columns.ts";
import { addedColumns, resultColumns } from "./added-columns.ts";
import { capacityOf, periodStart } from "./forwarding.ts";
import { highest } from "./highest.ts";
import { batchId, partBytes, type ScorePlan } from "./score-plan.ts";

describe("the highest of a stream", () => {
  test("are those a sort would give, whatever the order in which they come", () => {
    const score = fc.oneof(fc.constantFrom(0, 0.5, 1, Number.NaN), fc.double({ noNaN: true }));
    fc.assert(
      fc.property(
        fc.array(score, { maxLength: 200 }),
        fc.nat(30),
        fc.integer(),
        (scores, most, seed) => {
          const all = scores.map((value, place) => ({ score: value, place }));
          const wanted = all
            .filter((one) => !Number.isNaN(one.score))
            .sort((a, b) => b.score - a.score || a.place - b.place)
            .slice(0, most);
          const mixed = [...all].sort(
            (a, b) => ((a.place * 7919 + seed) % 31) - ((b.place * 7919 + seed) % 31),
          );
          const best = highest(most);
          for (const one of mixed) best.add(one.score, one.place);
          expect(best.ranked()).toEqual(wanted);
        },
      ),
    );
  });
});

describe("a capacity", () => {
  test("is so many in a time; anything else is none", () => {
    expect(capacityOf("40/hour")).toEqual({ rows: 40, periodMs: 3_600_000 });
    expect(capacityOf("500 / day")).toEqual({ rows: 500, periodMs: 86_400_000 });
    expect(capacityOf("20/15m")).toEqual({ rows: 20, periodMs: 900_000 });
    for (const text of ["", "40", "0/hour", "-1/hour", "40/year", "40/10ms", "4.5/hour", "x/hour"])
      expect(capacityOf(text)).toBeUndefined();
  });
  test("is paid by periods that begin on the hour", () => {
    const at = Date.UTC(2026, 2, 1, 9, 59, 59);
    expect(periodStart(capacityOf("40/hour")!, at)).toBe(Date.UTC(2026, 2, 1, 9));
    expect(periodStart(capacityOf("40/day")!, at)).toBe(Date.UTC(2026, 2, 1));
  });
});

const source = (more: Partial<Source> = {}): Source => ({
  files: [
    {
      ...{ uri: "a.csv", path: "/x/a.csv", digest: "sha256:1", bytes: 10, stamp: "1" },
      ...{ encoding: "utf-8", gzip: false },
    },
  ],
  ...{ format: "csv", names: ["x"], declared: {}, sqlTypes: {}, delimiter: ",", quotes: true },
  ...{ hasHeader: true, notes: [] },
  ...more,
});
const plan = (more: Partial<ScorePlan> = {}): ScorePlan => ({
  ...{ model: "m", source: source(), types: {}, reasons: 0 },
  version: { id: "sha256:a", number: 1, onnx: "sha256:b" },
  added: addedColumns({ task: "binary", classes: ["no", "yes"] }, ["x"], { reasons: false }),
  ...more,
});

describe("a batch's name", () => {
  test("is of bytes, version and options, not of paths", () => {
    const file = source().files[0]!;
    const moved = { ...file, uri: "b.csv", path: "/y/b.csv", stamp: "2" };
    const same = batchId(plan({ model: "other name", source: source({ files: [moved] }) }));
    expect(same).toBe(batchId(plan()));
    const others: Digest[] = [
      batchId(plan({ source: source({ files: [{ ...file, digest: "sha256:2" }] }) })),
      batchId(plan({ source: source({ files: [file, file] }) })),
      batchId(plan({ source: source({ delimiter: ";" }) })),
      batchId(plan({ version: { ...plan().version, id: "sha256:c" } })),
      batchId(plan({ reasons: 3 })),
      batchId(
        plan({
          version: {
            ...plan().version,
            abstain: { kind: "conformal", coverage: 0.9, quantile: 0.8 },
          },
        }),
      ),
    ];
    expect(new Set([same, ...others]).size).toBe(others.length + 1);
  });
  test("small sources have parts for every thread, large ones of 8 MB", () => {
    const of = (bytes: number) => partBytes(source({ files: [{ ...source().files[0]!, bytes }] }));
    expect([of(1000), of(64 << 20), of(10_000_000_000)]).toEqual([1 << 19, 2 << 20, 8 << 20]);
  });
});

describe("added columns", () => {
  test("never hide one of the source, also when only the case differs", () => {
    const names = ["Prediction", "probability_yes", "version", "ABSTAINED"];
    expect(
      addedColumns({ task: "binary", classes: ["no", "yes"] }, names, { reasons: true }),
    ).toEqual({
      ...{ label: "prediction_2", outputs: ["probability_yes_2"], version: "version_2" },
      ...{ abstained: "abstained_2", reasons: "reasons" },
    });
    expect(
      addedColumns({ task: "multiclass", classes: ["a", "b"] }, [], { reasons: false }).outputs,
    ).toEqual([...["probability_a", "probability_b"]]);
    expect(
      addedColumns({ task: "regression", classes: [] }, [], { reasons: false }).outputs,
    ).toEqual([]);
  });
  test("columns of a Parquet source keep their types where text can be turned back into them", () => {
    const sqlTypes = {
      a: "BIGINT",
      b: "DECIMAL(18,3)",
      c: "TIMESTAMP WITH TIME ZONE",
      d: "INTEGER[]",
      e: "UUID",
    };
    const given = { names: Object.keys(sqlTypes), sqlTypes };
    const { added } = plan();
    expect(
      resultColumns(given, added, { task: "binary" })
        .slice(0, 5)
        .map((c) => c.as),
    ).toEqual([...["BIGINT", "DECIMAL(18,3)", "TIMESTAMP", undefined, undefined]]);
  });
});
