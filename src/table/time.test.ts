import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatTime, parseTime } from "./time.ts";

describe("parseTime", () => {
  test.each([
    ["1970-01-01", 0],
    ["2002-08-15", 1029369600],
    ["2002-08-15 12:30", 1029414600],
    ["2002-08-15T12:30:15Z", 1029414615],
    ["2002-08-15T12:30:15.250Z", 1029414615.25],
    ["2002-08-15T12:30:15+02:00", 1029407415],
    ["2002-08-15T12:30:15-0530", 1029434415],
    ["2024-02-29", 1709164800],
    ["1900-03-01", -2203891200],
    ["2024-12-31T24:00", 1735689600],
  ])("reads %s", (text, seconds) => expect(parseTime(text)).toBe(seconds));

  test.each(["", "yesterday", "2023-02-29", "2023-13-01", "2023-01-01T25:00", "15/08/2002", "12"])(
    "does not read '%s'",
    (text) => expect(parseTime(text)).toBeNaN(),
  );

  test("reads back every time it writes", () => {
    fc.assert(
      fc.property(fc.integer({ min: -6e10, max: 2e11 }), (seconds) => {
        expect(parseTime(formatTime(seconds))).toBe(seconds);
      }),
    );
  });

  test("agrees with the platform's parser on full ISO times", () => {
    fc.assert(
      fc.property(
        fc.date({ noInvalidDate: true, min: new Date(-1e13), max: new Date(1e14) }),
        (d) => {
          expect(Math.round(parseTime(d.toISOString()) * 1000)).toBe(d.getTime());
        },
      ),
    );
  });
});
