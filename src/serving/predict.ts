import type { Explanation } from "../explanation/explanation.ts";
import type { Clock } from "../lib/clock.ts";
import { crashPoint } from "../lib/crash-point.ts";
import type { Signature } from "../onnx/signature.ts";
import type { Answer } from "./answer.ts";
import { answerPart } from "./answer-part.ts";
import type { LogRecord } from "./prediction.ts";
import type { RoutedVersion, RowFields } from "./route.ts";
import type { RouteTable } from "./route-table.ts";
import { decide, routeOf } from "./routing.ts";
import type { KnownFields, RawRow, ScoredRow } from "./rows.ts";
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
  /** One explanation a row. */
  explain(version: RoutedVersion, rows: readonly RawRow[]): Promise<readonly Explanation[]>;
  isLoaded(version: RoutedVersion): boolean;
  /** Frees its memory when nobody uses it; the next request loads it again. */
  unload(version: RoutedVersion): void;
}

export interface ModelInput {
  readonly signature: Signature;
  readonly known: KnownFields;
}

export interface PredictionLog {
  /** True: the records are on disk. False: its disk is full, and the policy is to answer all the same. */
  append(records: readonly LogRecord[]): Promise<boolean>;
}

export interface PredictInput {
  readonly model: string;
  /** A version's number or digest; the champion when left out. */
  readonly version?: string | undefined;
  readonly rows: readonly unknown[];
  /** Say why, row by row. */
  readonly explain?: boolean | undefined;
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
  const { read, rows } = await answerPart(deps, {
    ...input,
    by: { model: route.model, version, variant, level: 0 },
    fields: route.fields,
  });
  const latencyMs = deps.clock.now() - input.at;
  const records = rows.map((row, i): LogRecord => {
    return {
      kind: "prediction",
      id: row.id,
      model: route.model,
      version: row.by.version.id,
      variant: row.by.variant,
      at: input.at,
      eventTime: read.eventTimes[i]!,
      key: read.keys[i],
      inputs: read.rows[i]!,
      output: row.output,
      label: row.label,
      ...(row.certainty?.abstained ? { abstained: true } : {}),
      latencyMs,
    };
  });
  crashPoint("predict:scored");
  const logged = await deps.log.append(records);
  crashPoint("predict:logged");
  if (shadow !== undefined && logged)
    deps.afterwards({ version: shadow, fields: route.fields, records });
  return { model: route.model, rows, logged };
}
