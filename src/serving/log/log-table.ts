import { numberColumn, stringColumn, type Table, timeColumn } from "../../table/table.ts";
import type { LoggedPrediction } from "./query.ts";

/** Logged predictions as people take them elsewhere: times are times, the truth stands beside. `inputs` and `output` are JSON. */
export const TABLE_COLUMNS = [
  { name: "id", type: "string" },
  { name: "model", type: "string" },
  { name: "version", type: "string" },
  { name: "variant", type: "string" },
  { name: "at", type: "time" },
  { name: "event_time", type: "time" },
  { name: "key", type: "string" },
  { name: "inputs", type: "string" },
  { name: "output", type: "string" },
  { name: "label", type: "string" },
  { name: "abstained", type: "number" },
  { name: "latency_ms", type: "number" },
  { name: "truth", type: "string" },
  { name: "truth_at", type: "time" },
] as const;

export function logTable(logged: readonly LoggedPrediction[]): Table {
  const text = (of: (p: LoggedPrediction) => string | undefined) => stringColumn(logged.map(of));
  const time = (of: (p: LoggedPrediction) => number | undefined) =>
    timeColumn(logged.map((p) => (of(p) ?? Number.NaN) / 1000));
  return {
    rows: logged.length,
    columns: new Map(
      Object.entries({
        id: text((p) => p.id),
        model: text((p) => p.model),
        version: text((p) => p.version),
        variant: text((p) => p.variant),
        at: time((p) => p.at),
        event_time: time((p) => p.eventTime),
        key: text((p) => p.key),
        inputs: text((p) => JSON.stringify(p.inputs)),
        output: text((p) => JSON.stringify(p.output)),
        label: text((p) => String(p.label)),
        abstained: numberColumn(logged.map((p) => (p.abstained ? 1 : 0))),
        latency_ms: numberColumn(logged.map((p) => p.latencyMs)),
        truth: text((p) => p.truth && String(p.truth.label)),
        truth_at: time((p) => p.truth?.at),
      }),
    ),
  };
}
