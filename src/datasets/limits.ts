import type { ColumnFacts, Facts } from "./facts.ts";
import type { ColumnSchema, Schema } from "./schema.ts";

const DOMAIN_VALUES = 1000;

/**
 * What later data may look like, from what the first data were: a start for people to edit. Missing: half as much again and a
 * percent. Numbers: a whole span beyond the extremes (catches a changed unit, not a record year), never below 0 when nothing
 * was. Categories: the known values, and twice the share of values seen once (Good 1953: what the unseen will take), 1 % at least.
 */
export function withLimits(columns: readonly ColumnSchema[], facts: Facts): Schema {
  return { columns: columns.map((c) => limited(c, facts.columns.get(c.name)!, facts.rows)) };
}

function limited(column: ColumnSchema, facts: ColumnFacts, rows: number): ColumnSchema {
  const missing = rows === 0 ? 1 : facts.missing / rows;
  const base = { ...column, missing: missing === 0 ? 0 : round(Math.min(1, 1.5 * missing + 0.01)) };
  const { role, type } = column;
  if (type === "number" && !Number.isNaN(facts.min) && (role === "numeric" || role === "target")) {
    const span = facts.max - facts.min;
    const min = facts.min >= 0 ? 0 : facts.min - span;
    return { ...base, range: { min: round(min), max: round(facts.max + span) } };
  }
  if (role !== "category" && !(role === "target" && type === "string")) return base;
  if (!facts.values) return base;
  const sorted = [...facts.values].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  const filled = Math.max(1, rows - facts.missing);
  const once = sorted.filter(([, n]) => n === 1).length / filled;
  const beyond = sorted.slice(DOMAIN_VALUES).reduce((sum, [, n]) => sum + n, 0) / filled;
  const other = role === "target" ? 0 : round(Math.min(1, Math.max(0.01, 2 * once + 1.5 * beyond)));
  return {
    ...base,
    domain: { values: sorted.slice(0, DOMAIN_VALUES).map(([value]) => value), other },
  };
}

const round = (x: number) => Number(x.toPrecision(6));
