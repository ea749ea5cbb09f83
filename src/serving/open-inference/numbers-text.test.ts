import fc from "fast-check";
import { expect, test } from "vitest";
import { utf8Bytes } from "../../lib/utf8.ts";
import { decodeInfer } from "./infer-http.ts";
import { numbersText } from "./numbers-text.ts";

test("the numbers as they were written", () => {
  expect(numbersText('{"inputs":[{"name":"x","data": [1.50, -2e3,3]}]}')).toBe("1.50, -2e3,3");
});

test.each([
  '{"inputs":[{"name":"data","data":[1]}]}',
  '{"inputs":[{"name":"x","d\\u0061ta":[1],"data":[2]}]}',
  '{"inputs":[{"name":"x\\"data\\":[3]","data":[2]}]}',
  '{"inputs":[{"data":[1],"data":[2]}]}',
  '{"inputs":[{"data":[[1],[2]]}]}',
  '{"inputs":[{"data":[1,null]}]}',
  '{"inputs":[{"data":["1,2"]}]}',
  '{"inputs":[{"data":[1,\n2]}]}',
  '{"inputs":[{"data":[]}]}',
  "{}",
])("not of %s", (body) => {
  expect(numbersText(body)).toBeUndefined();
});

test("a tensor has the text of its own values, or none", () => {
  const name = fc.oneof(fc.constantFrom("data", '"data":[7]', '"data', "\\", "x"), fc.string());
  const values = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1 });
  const other = fc.oneof(values, name, fc.constant({ data: [7] }));
  let found = 0;
  fc.assert(
    fc.property(name, values, fc.option(fc.tuple(name, other)), (tensor, data, more) => {
      fc.pre(tensor !== "" && !["inputs", "outputs", "parameters", "id"].includes(more?.[0] ?? ""));
      const input = { name: tensor, shape: [data.length], datatype: "FP64", data };
      const extra = more === null ? {} : { [more[0]]: more[1] };
      const body = JSON.stringify({ ...extra, inputs: [{ ...input, ...extra, ...input }] });
      const [read] = decodeInfer(utf8Bytes(body), undefined).inputs;
      if (read?.text === undefined) return;
      found++;
      expect(JSON.parse(`[${read.text}]`)).toEqual(JSON.parse(JSON.stringify(data)));
    }),
    { numRuns: 1000, seed: 1 },
  );
  expect(found).toBeGreaterThan(100);
});
