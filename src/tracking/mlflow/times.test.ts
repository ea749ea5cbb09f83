import { expect, test } from "vitest";
import { duration, durationText, timestamp, timestampText } from "./times.ts";

test("times and spans of time go to protobuf's JSON and back", () => {
  const at = Date.UTC(2026, 10, 29, 8, 31, 23, 500);
  expect(timestampText(at)).toBe("2026-11-29T08:31:23.500Z");
  for (const given of ["2026-11-29T08:31:23.5Z", "2026-11-29T09:31:23.500999+01:00", at])
    expect(timestamp().parse(given)).toBe(at);
  for (const [text, ms] of [
    ["1.5s", 1500],
    ["-0.001s", -1],
    ["0s", 0],
  ] as const)
    expect([duration().parse(text), durationText(ms)]).toEqual([ms, text]);
});

test.each(["2026-11-29", "2026-11-29T08:31:23", "0000-01-01T00:00:00Z", "soon", 0.5, 9e15, -9e15])(
  "%s is no time",
  (given) => {
    expect(timestamp().safeParse(given).success).toBe(false);
  },
);

test("a time that no text can say is shown as the first or last that one can", () => {
  expect(timestampText(-9e15)).toBe("0001-01-01T00:00:00.000Z");
  expect(timestampText(9e15)).toBe("9999-12-31T23:59:59.999Z");
});
