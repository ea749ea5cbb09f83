import type { Metric } from "./metrics/metric.ts";

/** "0.873", "12.4": a metric's value for people, three significant digits. */
export const valueInWords = (value: number): string =>
  Number.isFinite(value) ? plain(Number(value.toPrecision(3))) : "unknown";

/** A difference for people, without sign: shares in points (hundredths), others in the metric's own unit. */
export const differenceInWords = (metric: Metric, difference: number): string =>
  metric.unit === "share"
    ? `${valueInWords(Math.abs(difference) * 100)} points`
    : valueInWords(Math.abs(difference));

/** "better by 2.1 points (95 %: 0.4 to 3.9)"; the interval is of the improvement, negative = worse. */
export function improvementInWords(
  metric: Metric,
  c: { readonly improvement: number; readonly lower: number; readonly upper: number },
): string {
  const scale = metric.unit === "share" ? 100 : 1;
  const range = `95 %: ${valueInWords(c.lower * scale)} to ${valueInWords(c.upper * scale)}`;
  if (c.improvement === 0) return `equal (${range})`;
  const word = c.improvement > 0 ? "better" : "worse";
  return `${word} by ${differenceInWords(metric, c.improvement)} (${range})`;
}

/** NaN and infinities have no JSON form: null. */
export const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);

const plain = (x: number): string =>
  Math.abs(x) >= 1e9 || (x !== 0 && Math.abs(x) < 1e-4)
    ? x.toExponential(2)
    : x.toLocaleString("en-US", { maximumSignificantDigits: 3 });
