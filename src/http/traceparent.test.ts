import fc from "fast-check";
import { expect, test } from "vitest";
import { traceParent } from "./traceparent.ts";

const trace = "4bf92f3577b34da6a3ce929d0e0e4736";
const span = "00f067aa0ba902b7";

test("the examples of the specification", () => {
  expect(traceParent(`00-${trace}-${span}-01`)).toEqual({
    traceId: trace,
    spanId: span,
    sampled: true,
  });
  expect(traceParent(`00-${trace}-${span}-00`)?.sampled).toBe(false);
  expect(traceParent(`cc-${trace}-${span}-01-what-comes-later`)?.traceId).toBe(trace);
});

test.each([
  undefined,
  "",
  `ff-${trace}-${span}-01`,
  `00-${trace}-${span}-01-more`,
  `00-${"0".repeat(32)}-${span}-01`,
  `00-${trace}-${"0".repeat(16)}-01`,
  `00-${trace.toUpperCase()}-${span}-01`,
  `00-${trace}-${span}`,
])("%s is not used", (header) => {
  expect(traceParent(header)).toBeUndefined();
});

test("no text is an error", () => {
  fc.assert(
    fc.property(fc.string(), (text) => traceParent(text) === undefined || text.length > 50),
  );
});
