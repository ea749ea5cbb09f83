import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

const css = readFileSync(new URL("../../web/src/styles/tokens.css", import.meta.url), "utf8");
const tokens = Object.fromEntries(
  [...css.matchAll(/--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)/g)].map(
    ([, name, light, dark]) => [name!, { light: light!, dark: dark! }],
  ),
);

/** Relative luminance and contrast ratio of WCAG 2.2. */
function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const c = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
function contrast(a: string, b: string): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

const TEXT: readonly (readonly [string, readonly string[]])[] = [
  ["ink", ["ground", "surface", "sunken", "accent-soft", "good-soft", "warn-soft", "bad-soft"]],
  ["ink-2", ["ground", "surface", "sunken", "good-soft", "bad-soft"]],
  ["ink-3", ["ground", "surface", "sunken", "accent-soft"]],
  ["accent", ["ground", "surface", "sunken", "accent-soft", "warn-soft", "bad-soft"]],
  ["good", ["surface", "good-soft"]],
  ["warn", ["surface", "sunken", "warn-soft"]],
  ["bad", ["surface", "sunken", "bad-soft", "accent-soft"]],
  ["on-accent", ["accent"]],
  ["on-bad", ["bad"]],
];
const GRAPHICS: readonly (readonly [string, readonly string[]])[] = [
  ["line-strong", ["surface", "ground"]],
  ["accent", ["surface", "line", "sunken"]],
  // The mark of the share that was served, across its bar.
  ["ink", ["line"]],
  // What speaks against, and where nothing was said.
  ["warn", ["surface"]],
  ["bad", ["surface"]],
];

describe.each(["light", "dark"] as const)("the colours, %s", (theme) => {
  const cases = (pairs: typeof TEXT) =>
    pairs.flatMap(([front, backs]) => backs.map((back) => [front, back] as const));
  const between = (front: string, back: string) =>
    contrast(tokens[front]![theme], tokens[back]![theme]);

  test.each(cases(TEXT))("text %s on %s can be read (4.5)", (front, back) => {
    expect(between(front, back)).toBeGreaterThanOrEqual(4.5);
  });
  test.each(cases(GRAPHICS))("graphics and borders of controls: %s on %s (3)", (front, back) => {
    expect(between(front, back)).toBeGreaterThanOrEqual(3);
  });
});
