import { describe, expect, test } from "vitest";
import type { OpenTeam } from "../../engine/compute.ts";
import { random } from "../../lib/random.ts";
import type { Design } from "../encoding/encoding.ts";
import { type BoostLayout, CONTROL, NODE, OP } from "./boost-layout.ts";
import { gbdtMember } from "./boost-member.ts";
import { type BoostSession, openBoostSession } from "./boost-session.ts";
import { findBundles } from "./bundles.ts";

/** Wide, narrow, skewed and dependent columns, some with missing values; the last makes the number of bundles odd. */
function design(rows: number): Design {
  const rng = random(rows);
  const width = 14;
  const dense = new Float32Array(rows * width);
  for (let i = 0; i < rows; i++) {
    const x = Array.from({ length: width }, () => rng.normal());
    const rare = (share: number, value: number) => (rng.next() < share ? value : Number.NaN);
    const category = rng.int(90);
    const row = [
      ...[x[0]!, x[1]!, category, Math.floor(category / 2)],
      ...[
        Math.round(x[4]!),
        Math.round(4 * x[5]!),
        Number(x[6]! > 2),
        rare(0.9, Math.round(x[7]!)),
      ],
      ...[rare(0.1, rng.int(3)), rare(0.5, 1), rng.int(30), rng.int(40)],
      ...[Math.max(0, Math.round(x[12]!) - 1), rare(0.97, x[13]!)],
    ];
    dense.set(row, i * width);
  }
  const names = Array.from({ length: width }, (_, j) => `x${j}`);
  return { rows, width, dense, names, bags: [] };
}

/** All members in one thread, in turns. */
const turns: OpenTeam = (_, size, layout) => {
  const members = Array.from({ length: size }, (_, k) =>
    gbdtMember(layout as unknown as BoostLayout, k, size),
  );
  return {
    size,
    broadcast: (op) => {
      for (const member of members) member(op);
    },
    close() {},
  };
};

function open(rows: number, threads: number): BoostSession {
  const y = new Float64Array(rows);
  const data = {
    design: design(rows),
    y,
    weights: undefined,
    classes: 1,
    maxBins: 255,
    maxDepth: 3,
  };
  const team = { threads, openTeam: turns };
  const rng = random(1);
  return openBoostSession({ ...data, ...team, base: Float64Array.of(0), monotone: new Map() }, rng);
}

const bytes = ({ layout }: BoostSession, at: number, size: number) =>
  new Uint8Array(layout.memory.buffer, at, size);

describe("bundles", () => {
  test("each column is in one of them; codes of a row lead back to its bins", () => {
    const session = open(12_000, 1);
    const { layout, arena } = session;
    const { rows, features } = layout;
    const bundles = findBundles(layout, arena);
    expect(bundles.flatMap((b) => b.features).sort((a, b) => a - b)).toEqual(
      Array.from({ length: features }, (_, j) => j),
    );
    expect(bundles.length).toBe(session.control[CONTROL.columns]);
    expect(bundles.length).toBeLessThan(0.7 * features);
    // A category and what follows from it.
    expect(bundles.some((b) => b.features.includes(2) && b.features.includes(3))).toBe(true);
    for (const { features: joined, codes, bins } of bundles) {
      const coded = bytes(session, codes, rows);
      for (const [k, j] of joined.entries()) {
        expect(bins[k]!.length).toBeLessThanOrEqual(256);
        const column = bytes(session, layout.columnBins + j * rows, rows);
        expect(column.every((bin, i) => bins[k]![coded[i]!] === bin)).toBe(true);
      }
    }
    session.close();
  });

  test("few rows are left alone", () => {
    const session = open(4000, 1);
    expect(session.control[CONTROL.columns]).toBe(session.layout.features);
    session.close();
  });

  test.each([
    [4000, 1],
    [12_000, 1],
    [20_000, 2],
    [30_000, 3],
  ])("histograms of %i rows, summed by %i members, are what counting gives", (rows, threads) => {
    const session = open(rows, threads);
    const { layout, arena, bins, control, run, members } = session;
    expect(members).toBe(threads);
    const { features } = layout;
    const { buffer } = layout.memory;
    const rng = random(7);
    const offsets = new Int32Array(buffer, layout.offsets, features);
    const q = new BigInt64Array(buffer, layout.q, rows);
    for (let i = 0; i < rows; i++)
      q[i] = (BigInt(rng.int(2001) - 1000) << 32n) + BigInt(rng.int(500));
    const idx = rng.shuffle(Int32Array.from({ length: rows }, (_, i) => i));
    new Int32Array(buffer, layout.idx, rows).set(idx);
    // Two nodes of the tree; some rows are in neither.
    const nodes = [
      [0, Math.floor(rows / 3)],
      [Math.floor(rows / 2), rows],
    ] as const;
    const histograms = nodes.map(() => arena.alloc(layout.histogramBytes));
    const records = new Int32Array(buffer, layout.nodes, (nodes.length * NODE.bytes) / 4);
    for (const [n, [s, e]] of nodes.entries()) {
      const at = (n * NODE.bytes) / 4;
      records[at + NODE.s] = s;
      records[at + NODE.e] = e;
      records[at + NODE.small] = histograms[n]!;
      records[at + NODE.large] = 0;
    }
    control[CONTROL.count] = nodes.length;
    run(OP.hist);
    run(OP.scan);
    for (const [n, [s, e]] of nodes.entries())
      for (let j = 0; j < features; j++) {
        const column = bytes(session, layout.columnBins + j * rows, rows);
        const size = bins.cuts[j]!.length + 2;
        const expected = new BigInt64Array(size);
        for (const i of idx.subarray(s, e)) expected[Math.min(column[i]!, size - 1)]! += q[i]!;
        const got = new BigInt64Array(layout.memory.buffer, histograms[n]! + offsets[j]!, size);
        expect(got).toEqual(expected);
      }
    session.close();
  });
});
