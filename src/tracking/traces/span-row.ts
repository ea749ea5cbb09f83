import type { Json } from "../../lib/json.ts";
import { isObject, storable } from "../mlflow/storable.ts";
import { type AttributeValue, plainJson } from "./attribute-value.ts";
import { previewOf } from "./preview.ts";
import type { Span, SpanBody, SpanStatus } from "./span.ts";

export interface SpanRow {
  readonly trace: string;
  readonly id: string;
  readonly parent: string | null;
  readonly name: string;
  readonly status: SpanStatus;
  /** Digits: beyond 2^53. */
  readonly start_ns: string;
  readonly end_ns: string | null;
  readonly body: string;
}

export const SPAN_COLUMNS =
  "s.trace, s.id, s.parent, s.name, s.status, s.start_ns::text as start_ns, s.end_ns::text as end_ns, s.body";

export const spanOfRow = (row: SpanRow): Span => ({
  ...{ trace: row.trace, id: row.id, parent: row.parent ?? undefined },
  ...{ name: row.name, status: row.status, startNs: BigInt(row.start_ns) },
  endNs: row.end_ns === null ? undefined : BigInt(row.end_ns),
  body: JSON.parse(row.body) as SpanBody,
});

/** A span as the store writes it: what sums and searches look at, beside the body. */
export interface SpanValues extends SpanRow {
  readonly type: string | null;
  readonly usage: string | null;
  readonly cost: string | null;
  readonly session: string | null;
}

export function spanValues(span: Span): SpanValues {
  const { attributes } = span.body;
  return {
    ...{ trace: span.trace, id: span.id, parent: span.parent ?? null },
    ...{ name: span.name, status: span.status, start_ns: span.startNs.toString() },
    end_ns: span.endNs?.toString() ?? null,
    body: JSON.stringify(span.body),
    type: textOf(attributes["mlflow.spanType"]),
    usage: numbersOf(attributes["mlflow.chat.tokenUsage"]),
    cost: numbersOf(attributes["mlflow.llm.cost"]),
    session: textOf(attributes["session.id"]),
  };
}

const textOf = (value: AttributeValue | undefined): string | null =>
  typeof value === "string" && value !== "" ? value : null;

/** The numbers of a map as JSON; clients also send the map as JSON text. */
function numbersOf(value: AttributeValue | undefined): string | null {
  const plain = value === undefined ? null : parsed(plainJson(value));
  if (!isObject(plain)) return null;
  const numbers = Object.entries(plain).flatMap(([key, number]): [string, Json][] =>
    Number.isFinite(number) ? [[storable(key), number]] : [],
  );
  return numbers.length === 0 ? null : JSON.stringify(Object.fromEntries(numbers));
}

function parsed(value: Json): Json {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value) as Json;
  } catch {
    return null;
  }
}

/** What the spans of one trace that came together say about it. */
export interface SpanEnvelope {
  readonly trace: string;
  /** Milliseconds. */
  readonly from: number;
  readonly to: number | null;
  /** Of the root, once it has ended. */
  readonly state: "OK" | "ERROR" | null;
  readonly name: string | null;
  readonly request: string | null;
  readonly response: string | null;
}

export function envelopeOf(trace: string, spans: readonly Span[]): SpanEnvelope {
  const root = spans.find(({ parent }) => parent === undefined);
  const ends = spans.flatMap(({ endNs }) => (endNs === undefined ? [] : [msOf(endNs)]));
  const ended = root?.endNs !== undefined;
  return {
    trace,
    from: spans.reduce((least, { startNs }) => Math.min(least, msOf(startNs)), Infinity),
    to: ends.length === 0 ? null : ends.reduce((most, end) => Math.max(most, end)),
    state: !ended ? null : root.status === "ERROR" ? "ERROR" : "OK",
    name: root?.name ?? null,
    request: previewOf(root?.body.attributes["mlflow.spanInputs"], "user"),
    response: previewOf(root?.body.attributes["mlflow.spanOutputs"], "assistant"),
  };
}

const msOf = (ns: bigint): number => Number(ns / 1_000_000n);
