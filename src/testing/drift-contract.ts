import { describe, expect, test } from "vitest";
import { random } from "../lib/random.ts";
import type { DriftTest } from "../monitoring/drift/drift-test.ts";
import { empirical } from "../stats/empirical.ts";

/** What every drift test must do. One line in the member's test: `driftContract(ks)`. */
export function driftContract(member: DriftTest): void {
  describe(`the drift test ${member.name}`, () => {
    const measure = measurer(member);

    test("is 0 for equal distributions and never negative", () => {
      for (const seed of [1, 2, 3]) {
        expect(measure({ seed, shift: 0 })).toBeGreaterThanOrEqual(0);
        expect(measure({ seed, shift: 0, same: true })).toBeCloseTo(0, 12);
      }
    });

    test("grows with the difference", () => {
      for (const seed of [1, 2, 3]) {
        const [small, medium, large] = [0.5, 1.5, 4].map((shift) => measure({ seed, shift }));
        expect(medium!).toBeGreaterThan(small!);
        expect(large!).toBeGreaterThan(medium!);
      }
    });

    test("does not depend on the order of the rows", () => {
      expect(measure({ seed: 1, shift: 1, reversed: true })).toBe(measure({ seed: 1, shift: 1 }));
    });

    test("stays a number for a constant reference, a single row and cells empty on one side", () => {
      for (const shift of [0, 3]) {
        const value = measure({ seed: 1, shift, constant: true });
        expect(Number.isFinite(value)).toBe(true);
        expect(Number.isFinite(measure({ seed: 1, shift, rows: 1 }))).toBe(true);
      }
    });

    test("shrinks with the rows as it says, when nothing drifts", () => {
      const typical = (rows: number) => {
        const values = Array.from({ length: 100 }, (_, seed) =>
          measure({ seed: 100 + seed, shift: 0, rows, exact: true }),
        );
        return values.reduce((a, b) => a + b) / values.length;
      };
      const exponent = Math.log(typical(250) / typical(2000)) / Math.log(8);
      expect(Math.abs(exponent - member.shrinks)).toBeLessThan(0.15);
    });
  });
}

interface Question {
  readonly seed: number;
  readonly shift: number;
  readonly rows?: number;
  readonly same?: boolean;
  readonly reversed?: boolean;
  readonly constant?: boolean;
  /** The reference is the distribution itself, not a sample of it. */
  readonly exact?: boolean;
}

const CELLS = 12;
/** A reference of 2,000 rows over the whole numbers 0..11, as values or as cells. */
function measurer(member: DriftTest): (question: Question) => number {
  return ({ seed, shift, rows = 500, same, reversed, constant, exact }) => {
    const rng = random(`contract ${seed}`);
    const draw = (n: number, by: number) =>
      Array.from({ length: n }, () =>
        constant ? Math.round(3 + by) : Math.min(CELLS - 1, Math.floor(rng.next() * 6 + by)),
      );
    const reference = draw(2000, 0);
    const current = same ? reference : draw(rows, shift);
    if (reversed) current.reverse();
    if (member.type === "number") {
      const of = (values: readonly number[]) => empirical(Float64Array.from(values).sort());
      return member.statistic(exact ? empirical([0, 1, 2, 3, 4, 5]) : of(reference), of(current));
    }
    const counts = (values: readonly number[]) => {
      const cells = new Float64Array(CELLS);
      for (const value of values) cells[value] = cells[value]! + 1;
      return cells;
    };
    const uniform = Float64Array.from({ length: CELLS }, (_, cell) => (cell < 6 ? 1e9 : 0));
    return member.statistic(exact ? uniform : counts(reference), counts(current));
  };
}
