import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { asStrings } from "../../src/table/cast.ts";
import { stringColumn } from "../../src/table/table.ts";
import type { Design } from "../../src/training/encoding/encoding.ts";
import { fitTfidf } from "../../src/training/encoding/tfidf.ts";
import { logistic } from "../../src/training/linear/logistic.ts";
import { matrixOf } from "../../src/training/linear/matrix.ts";
import { ridge } from "../../src/training/linear/ridge.ts";
import { linear } from "../../src/training/trainers/linear.ts";

interface Fit {
  C: number;
  coef: number[][];
  intercept: number[];
  probability: number[][];
}
interface RidgeFit {
  alpha: number;
  coef: number[];
  intercept: number;
  value: number[];
}
const golden = JSON.parse(readFileSync(new URL("linear.json", import.meta.url), "utf8"));
const x: number[][] = golden.x;
const width = x[0]!.length;
const dense = Float32Array.from(x.flat());
const names = x[0]!.map((_, j) => `x${j}`);
const design: Design = { rows: x.length, width, dense, names, bags: [] };
const tight = { tolerance: 1e-10, maxIterations: 10_000 };

/** Within 1e-6 of scikit-learn, relative to the largest of the expected numbers. */
function expectClose(actual: ArrayLike<number>, expected: readonly number[], within = 1e-6): void {
  const size = Math.max(...expected.map(Math.abs));
  const gap = Math.max(...expected.map((e, i) => Math.abs(e - actual[i]!)));
  expect(gap / size).toBeLessThan(within);
}

describe("linear models equal scikit-learn's", () => {
  test.each(golden.binary.fits as Fit[])(
    "logistic, C = $C",
    ({ C, coef, intercept, probability }) => {
      const target = Float64Array.from(golden.binary.y);
      const fit = logistic(matrixOf(design), target, 1, { C, ...tight });
      expect(fit.converged).toBe(true);
      expectClose(fit.weights, coef[0]!);
      expectClose(fit.intercepts, intercept);
      const params = linear.params.parse({ C, ...tight });
      const model = linear.fit({ design, target, task: "binary", classes: 2, params, seed: 0 });
      expectClose(
        model.predict(design).values,
        probability.map((p) => p[1]!),
      );
    },
  );

  test("logistic with balanced classes and with row weights", () => {
    const target = Float64Array.from(golden.binary.y);
    const probabilities = (given: object, weights?: Float64Array) => {
      const params = linear.params.parse({ C: 1, ...tight, ...given });
      const input = { design, target, task: "binary", classes: 2, params, seed: 0 } as const;
      return linear.fit({ ...input, ...(weights ? { weights } : {}) }).predict(design).values;
    };
    const positive = ({ probability }: Fit) => probability.map((p) => p[1]!);
    expectClose(probabilities({ classWeight: "balanced" }), positive(golden.balanced));
    expectClose(
      probabilities({}, Float64Array.from(golden.weighted.weights)),
      positive(golden.weighted),
    );
  });

  test.each(golden.multinomial.fits as Fit[])("multinomial, C = $C", (expected) => {
    const target = Float64Array.from(golden.multinomial.y);
    const fit = logistic(matrixOf(design), target, 3, { C: expected.C, ...tight });
    expectClose(fit.weights, expected.coef.flat());
    const params = linear.params.parse({ C: expected.C, ...tight });
    const model = linear.fit({ design, target, task: "multiclass", classes: 3, params, seed: 0 });
    expectClose(model.predict(design).values, expected.probability.flat());
  });

  test.each(golden.ridge.fits as RidgeFit[])(
    "ridge, alpha = $alpha",
    ({ alpha, coef, intercept, value }) => {
      const target = Float64Array.from(golden.ridge.y);
      const fit = ridge(matrixOf(design), target, { alpha });
      expectClose(fit.weights, coef);
      expectClose(fit.intercepts, [intercept]);
      const params = linear.params.parse({ C: 1 / alpha });
      const model = linear.fit({ design, target, task: "regression", classes: 0, params, seed: 0 });
      expectClose(model.predict(design).values, value);
    },
  );
});

describe("tf-idf equals TfidfVectorizer's", () => {
  const texts = asStrings(stringColumn(golden.tfidf.texts), golden.tfidf.texts.length);
  const table = { rows: texts.codes.length, columns: new Map([["text", texts]]) };
  test.each([
    ["words", { words: { min: 1, max: 2 }, characters: null }, ""],
    ["characters", { words: null, characters: { min: 3, max: 5 } }, "~"],
  ] as const)("%s", (kind, kinds, mark) => {
    const tfidf = fitTfidf("text", table, kinds);
    const { bag } = tfidf.bag(table);
    (golden.tfidf[kind] as Record<string, number>[]).forEach((expected, i) => {
      const actual: Record<string, number> = {};
      for (let p = bag.offsets[i]!; p < bag.offsets[i + 1]!; p++)
        actual[tfidf.vocabulary.spec.vocabulary[bag.ids[p]! - 1]!] = bag.values[p]!;
      const marked = Object.entries(expected).map(([token, v]) => [mark + token, v] as const);
      expect(Object.keys(actual).sort()).toEqual(marked.map(([token]) => token).sort());
      for (const [token, value] of marked) expect(actual[token]).toBeCloseTo(value, 6);
    });
  });
});
