import { certainty } from "../evaluation/abstention.ts";
import type { Clock } from "../lib/clock.ts";
import { labelOf } from "./answer.ts";
import type { Models, PredictionLog } from "./predict.ts";
import type { LogRecord } from "./prediction.ts";
import type { RoutedVersion, RowFields } from "./route.ts";

export interface ShadowInput {
  readonly version: RoutedVersion;
  readonly fields: RowFields;
  /** What the champion answered, one per row. */
  readonly records: readonly LogRecord[];
}

/**
 * Lets a challenger answer rows that were answered already, for the log only, under the same ids. Rows it cannot read
 * (it may need columns that the champion does not) are left out.
 */
export async function shadow(
  deps: { readonly models: Models; readonly log: PredictionLog; readonly clock: Clock },
  input: ShadowInput,
): Promise<{ readonly logged: number; readonly unreadable: number }> {
  const started = deps.clock.now();
  const { signature } = await deps.models.input(input.version, input.fields);
  const answered = input.records.filter((record) => record.kind === "prediction");
  const scored = await deps.models.score(
    input.version,
    answered.map((record) => record.inputs),
  );
  const latencyMs = deps.clock.now() - started;
  const records = scored.flatMap((row, i): LogRecord[] => {
    if (!("output" in row)) return [];
    const label = labelOf(signature, row.output);
    const { output } = row;
    const { id, abstain } = input.version;
    // The champion's silence is not the shadow's.
    const { abstained: _, ...asked } = answered[i]!;
    const silent = abstain !== undefined && certainty(abstain, signature, output).abstained;
    const own = { version: id, variant: "shadow" as const, inputs: {}, output, label, latencyMs };
    return [{ ...asked, ...own, ...(silent ? { abstained: true } : {}) }];
  });
  await deps.log.append(records);
  return { logged: records.length, unreadable: scored.length - records.length };
}
