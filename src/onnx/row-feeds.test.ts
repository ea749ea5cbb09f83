import fc from "fast-check";
import { expect, test } from "vitest";
import type { Json } from "../lib/json.ts";
import { toFeeds } from "./feeds.ts";
import type { Pack } from "./pack-inputs.ts";
import { rowFeeder } from "./row-feeds.ts";
import { rowsToTable } from "./rows.ts";
import type { Signature } from "./signature.ts";

const text = {
  words: { min: 1, max: 1 },
  characters: null,
  vocabulary: ["free", "prize", "hello"],
} as const;
const signature: Pick<Signature, "columns"> = {
  columns: [
    { name: "age", role: "numeric" },
    { name: "country", role: "category" },
    { name: "at", role: "time" },
    { name: "income", role: "numeric" },
    { name: "subject", role: "text", text },
    { name: "domain", role: "category" },
  ],
};
const packs: readonly Pack[] = [
  { name: "#n", type: "float32", inputs: ["age", "income"] },
  { name: "#c", type: "string", inputs: ["country", "domain"] },
];

const value: fc.Arbitrary<Json> = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.constantFrom("", "NA", " ?", "1e5", "-3.25", "2024-05-01T12:00:00Z", "free prize", "x"),
  fc.string(),
  fc.constant([1]),
  fc.constant({ a: 1 }),
);
const rows = fc.array(
  fc.dictionary(fc.constantFrom(...signature.columns.map(({ name }) => name), "extra"), value),
  { minLength: 1, maxLength: 5 },
);

test("makes the same tensors and finds the same problems as the way through a table", () => {
  const direct = rowFeeder(signature, []);
  fc.assert(
    fc.property(rows, (given) => {
      const { table, problems } = rowsToTable(signature, given);
      const read = direct(given);
      expect(read.feeds).toEqual(toFeeds(signature, table));
      const order = (list: typeof problems) =>
        list.map((problem) => JSON.stringify(problem)).sort();
      expect(order([...read.problems])).toEqual(order(problems));
    }),
  );
});

test("puts the columns of a pack side by side, row after row", () => {
  const packed = rowFeeder(signature, packs);
  const single = rowFeeder(signature, []);
  fc.assert(
    fc.property(rows, (given) => {
      const [wide, narrow] = [packed(given).feeds, single(given).feeds];
      for (const { name, inputs } of packs) {
        expect(wide[name]!.dims).toEqual([given.length, inputs.length]);
        given.forEach((_, i) => {
          inputs.forEach((column, j) => {
            expect(wide[name]!.data[i * inputs.length + j]).toEqual(narrow[column]!.data[i]);
          });
        });
      }
      expect(Object.keys(wide).sort()).toEqual(["#c", "#n", "at", "subject#counts", "subject#ids"]);
    }),
  );
});
