import { z } from "zod";

/** The years 1 to 9999: what RFC 3339 can say. */
const FIRST = -62_135_596_800_000;
const LAST = 253_402_300_799_999;

/** Times and spans of time in protobuf's JSON: RFC 3339, and seconds with an `s`. In our code both are milliseconds. */
export const timestamp = () =>
  z.preprocess(
    (value) => (typeof value === "string" ? msOfTime(value) : value),
    z.number().int().min(FIRST).max(LAST),
  );

export const duration = () =>
  z.preprocess(
    (value) => (typeof value === "string" ? msOfDuration(value) : value),
    z.number().int(),
  );

/** What no text can say becomes the first or the last that one can: old calls give any integer. */
export const timestampText = (ms: number): string =>
  new Date(Math.min(Math.max(ms, FIRST), LAST)).toISOString();

export const durationText = (ms: number): string => `${ms / 1000}s`;

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

function msOfTime(text: string): number | string {
  const ms = RFC_3339.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(ms) ? text : Math.floor(ms);
}

function msOfDuration(text: string): number | string {
  const [, sign, seconds, fraction = ""] = /^(-?)(\d{1,12})(?:\.(\d{1,9}))?s$/.exec(text) ?? [];
  if (seconds === undefined) return text;
  const ms = Number(seconds) * 1000 + Math.floor(Number(`0.${fraction || "0"}`) * 1000 + 1e-6);
  return sign === "-" ? -ms : ms;
}
