import type { Metric } from "@millwright/sdk/contract/shapes";

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

export const count = (n: number): string => whole.format(n);

/** Any number with a few significant digits; NaN and infinity by their names. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  const text =
    size !== 0 && size < 1e-3
      ? size.toExponential(2)
      : size.toLocaleString("en", { maximumSignificantDigits: size >= 1000 ? 6 : 3 });
  return value < 0 ? `−${text}` : text;
}

/** Milliseconds, with digits where they say something. */
export const millis = (ms: number): string => `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;

/** "1 run", "3 runs". */
export const plural = (n: number, one: string, many = `${one}s`): string =>
  `${count(n)} ${n === 1 ? one : many}`;

/** Shares and losses with three decimals, the target's unit with three significant digits (four from 1,000 on). */
export function quantity(value: number, unit: Metric["unit"]): string {
  if (value !== 0 && Math.abs(value) < 1e-3) return value.toExponential(2);
  if (unit !== "target" && Math.abs(value) < 100) return value.toFixed(3);
  return value.toLocaleString("en", { maximumSignificantDigits: Math.abs(value) >= 1000 ? 4 : 3 });
}

export const percent = (share: number): string =>
  `${(share * 100).toLocaleString("en", { maximumFractionDigits: share < 0.1 ? 1 : 0 })} %`;

/** A probability: 99.96 % is not 100 %. */
export const chance = (share: number): string =>
  share > 0.99 && share < 1 ? `${(Math.floor(share * 10_000) / 100).toFixed(2)} %` : percent(share);

export function duration(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  const s = ms / 1000;
  if (s < 60) return `${s < 10 ? s.toFixed(1) : Math.round(s)} s`;
  const m = Math.floor(s / 60);
  if (m < 60) return joined(`${m} min`, Math.floor(s % 60), "s");
  const h = Math.floor(m / 60);
  if (h < 48) return joined(`${h} h`, m % 60, "min");
  return `${Math.round(h / 24)} days`;
}

const joined = (first: string, rest: number, unit: string): string =>
  rest === 0 ? first : `${first} ${rest} ${unit}`;

export function age(then: number, now: number): string {
  const s = Math.round((now - then) / 1000);
  if (s < 5) return "just now";
  if (s < 60) return `${s} s ago`;
  if (s < 3600) return `${Math.floor(s / 60)} min ago`;
  if (s < 48 * 3600) return `${Math.floor(s / 3600)} h ago`;
  if (s < 60 * 86_400) return `${Math.floor(s / 86_400)} days ago`;
  return new Date(then).toISOString().slice(0, 10);
}

/** UTC, to the minute. */
export const moment = (ms: number): string =>
  `${new Date(ms).toISOString().slice(0, 16).replace("T", " ")} UTC`;

/** UTC, to the second. */
export const instant = (ms: number): string =>
  new Date(ms).toISOString().slice(0, 19).replace("T", " ");

export const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** The first twelve hex digits: enough for people and for `--version`. */
export const shortDigest = (digest: string): string => digest.replace(/^sha256:/, "").slice(0, 12);

/** Of a file: "12 kB", "1.4 MB". */
export const bytes = (n: number): string =>
  n < 1_000_000
    ? `${count(Math.ceil(n / 1000))} kB`
    : `${(n / 1_000_000).toLocaleString("en", { maximumSignificantDigits: 3 })} MB`;
