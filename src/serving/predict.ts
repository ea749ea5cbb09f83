import type { Explanation } from "../explanation/explanation.ts";
import type { Clock } from "../lib/clock.ts";
import { crashPoint } from "../lib/crash-point.ts";
import type { RequestNote } from "../lib/request-note.ts";
import type { Signature } from "../onnx/signature.ts";
import type { GraphTensors } from "../onnx/tensor.ts";
import { type Answer, factsOf } from "./answer.ts";
import { answerPart } from "./answer-part.ts";
import { answerRouted } from "./answer-routed.ts";
import type { CounterName } from "./metrics.ts";
import type { LogRecord } from "./prediction.ts";
import type { Resting } from "./resting.ts";
import type { RoutedVersion, RowFields } from "./route.ts";
import type { RouteTable } from "./route-table.ts";
import { isSimple, knownRoute } from "./routing.ts";
import { rowTexts } from "./row-texts.ts";
import type { KnownFields, RawRow, ScoredRow } from "./rows.ts";
import type { TensorCall } from "./run-tensors.ts";
import type { ShadowInput } from "./shadow.ts";

export interface PredictDeps {
  readonly routes: RouteTable;
  readonly models: Models;
  readonly log: PredictionLog;
  readonly clock: Clock;
  newPredictionId(): string;
  /** Runs the shadow when the answer has left. Never throws. */
  afterwards(input: ShadowInput): void;
  /** Rings once after so many milliseconds, unless stopped before. */
  alarm(ms: number): { readonly rings: Promise<void>; stop(): void };
  count(name: CounterName, by: number): void;
  readonly resting: Resting;
}

/** The models of this process, whatever it takes to have them loaded. */
export interface Models {
  /** Loads the model if it is not. */
  input(version: RoutedVersion, fields: RowFields): Promise<ModelInput>;
  /** Calls of one event-loop turn are gathered. Rows of other callers never fail these. */
  score(
    version: RoutedVersion,
    rows: readonly RawRow[],
    note?: RequestNote | undefined,
  ): Promise<ScoredRow[]>;
  /** Imported models: the graph's outputs, rows along axis 0. Calls of one event-loop turn are gathered. */
  run(
    version: RoutedVersion,
    call: TensorCall,
    note?: RequestNote | undefined,
  ): Promise<GraphTensors>;
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
  /**
   * True: the records are on disk. False: its disk is full, and the policy is to answer all the same.
   * @param inputs JSON text of the inputs of record `i`, without line breaks, where somebody has it already.
   */
  append(
    records: readonly LogRecord[],
    inputs?: (i: number) => string | undefined,
  ): Promise<boolean>;
}

export interface PredictInput {
  readonly model: string;
  /** A version's number or digest, or what it is here (see `decide`); the route decides when left out. */
  readonly version?: string | undefined;
  readonly rows: readonly unknown[];
  /** The JSON that `rows` were read from, when it is at hand: the log keeps them as they were written. */
  readonly text?: string | undefined;
  /** Say why, row by row. */
  readonly explain?: boolean | undefined;
  /** When the request arrived, milliseconds since 1970. */
  readonly at: number;
  readonly note?: RequestNote | undefined;
}

/**
 * One request: check, score, log, answer. The answer exists only when its record is on disk; the shadow runs when the answer
 * has left. Throws `not_found` (model, version), `invalid_input` naming every wrong field, `overloaded`, `storage_full`.
 */
export async function predict(deps: PredictDeps, input: PredictInput): Promise<Answer> {
  const route = knownRoute(deps.routes, input.model);
  const { model, fields, shadow } = route;
  const simple = input.version === undefined && isSimple(route);
  const { read, rows } = simple
    ? await answerPart(deps, {
        rows: input.rows,
        explain: input.explain,
        at: input.at,
        fields,
        note: input.note,
        by: { model, version: route.champion, variant: "champion", level: 0 },
      })
    : await answerRouted(deps, { ...input, route });
  const latencyMs = deps.clock.now() - input.at;
  const records = rows.map((row, i): PredictionLine => {
    return {
      kind: "prediction",
      id: row.id,
      model,
      version: row.by.version.id,
      variant: row.by.variant,
      at: input.at,
      eventTime: read.eventTimes[i]!,
      key: read.keys[i],
      inputs: read.rows[i]!,
      output: row.output,
      label: row.label,
      abstained: row.certainty?.abstained ? true : undefined,
      latencyMs,
    };
  });
  crashPoint("predict:scored");
  const logged = await deps.log.append(records, inputTexts(input, read.rows));
  crashPoint("predict:logged");
  input.note?.done("log");
  input.note?.say(factsOf(model, rows));
  if (shadow !== undefined && logged) {
    const beside = simple
      ? records
      : records.filter((record, i) => rows[i]!.by.model === model && seenBy(shadow, record));
    if (beside.length > 0) deps.afterwards({ version: shadow, fields, records: beside });
  }
  return { model, rows, logged };
}

/** The rows as they came, unless the log keeps something else of them. */
function inputTexts(
  { text, rows }: PredictInput,
  logged: readonly RawRow[],
): ((i: number) => string | undefined) | undefined {
  if (text === undefined) return undefined;
  let texts: readonly string[] | undefined;
  return (i) => {
    texts ??= rowTexts(text, rows.length) ?? [];
    return logged[i] === rows[i] ? texts[i] : undefined;
  };
}

type PredictionLine = LogRecord & { readonly kind: "prediction" };

/** A shadow sees what the route gave to a version of its model, but not its own answers, and not those asked for by name. */
const seenBy = (shadow: RoutedVersion, { variant, version }: PredictionLine): boolean =>
  version !== shadow.id && variant !== "fallback" && variant !== "requested";
