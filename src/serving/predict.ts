import type { Clock } from "../lib/clock.ts";
import { crashPoint } from "../lib/crash-point.ts";
import type { Signature } from "../onnx/signature.ts";
import { type Answer, labelOf } from "./answer.ts";
import type { LogRecord } from "./prediction.ts";
import type { RoutedVersion, RowFields } from "./route.ts";
import type { RouteTable } from "./route-table.ts";
import { decide, routeOf } from "./routing.ts";
import {
  allProblems,
  invalidRows,
  type KnownFields,
  problemsOf,
  type RawRow,
  readRows,
  type ScoredRow,
} from "./rows.ts";
import type { ShadowInput } from "./shadow.ts";

export interface PredictDeps {
  readonly routes: RouteTable;
  readonly models: Models;
  readonly log: PredictionLog;
  readonly clock: Clock;
  newPredictionId(): string;
  /** Runs the shadow when the answer has left. Never throws. */
  afterwards(input: ShadowInput): void;
}

/** The models of this process, whatever it takes to have them loaded. */
export interface Models {
  /** Loads the model if it is not. */
  input(version: RoutedVersion, fields: RowFields): Promise<ModelInput>;
  /** Calls of one event-loop turn are gathered. Rows of other callers never fail these. */
  score(version: RoutedVersion, rows: readonly RawRow[]): Promise<ScoredRow[]>;
}

export interface ModelInput {
  readonly signature: Signature;
  readonly known: KnownFields;
}

export interface PredictionLog {
  /** Resolves when the records are on disk. */
  append(records: readonly LogRecord[]): Promise<void>;
}

export interface PredictInput {
  readonly model: string;
  /** A version's number or digest; the champion when left out. */
  readonly version?: string | undefined;
  readonly rows: readonly unknown[];
  /** When the request arrived, milliseconds since 1970. */
  readonly at: number;
}

/**
 * One request: check, score, log, answer. The answer exists only when its record is on disk; the shadow runs when the answer
 * has left. Throws `not_found` (model, version), `invalid_input` naming every wrong field, `overloaded`, `storage_full`.
 */
export async function predict(deps: PredictDeps, input: PredictInput): Promise<Answer> {
  const route = routeOf(deps.routes, input.model);
  const { version, variant, shadow } = decide(route, input.version);
  const { signature, known } = await deps.models.input(version, route.fields);
  const read = readRows({ ...input, signature, fields: route.fields }, known);
  if (read.problems.length > 0) throw invalidRows(allProblems(signature, read));

  const scored = await deps.models.score(version, read.rows);
  const problems = problemsOf(scored);
  if (problems.length > 0) throw invalidRows(problems);
  const outputs = scored.map((row) => ("output" in row ? row.output : []));
  const labels = outputs.map((output) => labelOf(signature, output));
  const ids = outputs.map(() => deps.newPredictionId());

  const latencyMs = deps.clock.now() - input.at;
  const records = ids.map((id, i): LogRecord => {
    return {
      kind: "prediction",
      id,
      model: route.model,
      version: version.id,
      variant,
      at: input.at,
      eventTime: read.eventTimes[i]!,
      key: read.keys[i],
      inputs: read.rows[i]!,
      output: outputs[i]!,
      label: labels[i]!,
      latencyMs,
    };
  });
  crashPoint("predict:scored");
  await deps.log.append(records);
  crashPoint("predict:logged");
  if (shadow !== undefined) deps.afterwards({ version: shadow, fields: route.fields, records });
  return { model: route.model, version, variant, signature, ids, outputs, labels };
}
