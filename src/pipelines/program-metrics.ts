import { utf8Text } from "../lib/utf8.ts";

const MOST = 200;

/** Finite numbers by name, of the JSON that a program left. What is no number is left out: it is told to nobody, and stops nothing. */
export function metricsIn(bytes: Uint8Array | undefined): Record<string, number> {
  if (bytes === undefined) return {};
  try {
    const told: unknown = JSON.parse(utf8Text(bytes));
    if (typeof told !== "object" || told === null || Array.isArray(told)) return {};
    const numbers = Object.entries(told).filter(([, value]) => Number.isFinite(value));
    return Object.fromEntries(numbers.slice(0, MOST));
  } catch {
    return {};
  }
}
