import { hexToBytes } from "@noble/hashes/utils.js";
import { base64 } from "../../lib/base64.ts";
import {
  type Attributes,
  type AttributeValue,
  pythonJson,
  pythonMap,
  wireAttributes,
} from "./attribute-value.ts";

export const SPAN_STATUSES = ["UNSET", "OK", "ERROR"] as const;
export type SpanStatus = (typeof SPAN_STATUSES)[number];

export interface Span {
  /** Of the trace it belongs to. */
  readonly trace: string;
  /** 16 hex digits. */
  readonly id: string;
  /** undefined: the root of its trace. */
  readonly parent: string | undefined;
  readonly name: string;
  readonly status: SpanStatus;
  /** Nanoseconds since 1970. */
  readonly startNs: bigint;
  /** undefined: has not ended yet. */
  readonly endNs: bigint | undefined;
  readonly body: SpanBody;
}

/** What only readers of the span look at. */
export interface SpanBody {
  readonly attributes: Attributes;
  readonly events: readonly SpanEvent[];
  /** Of the status. */
  readonly message?: string;
  /** The trace's 32 hex digits at the sender's, where the trace's id is not `tr-` and these. */
  readonly otel?: string;
}

export interface SpanEvent {
  readonly name: string;
  /** Nanoseconds since 1970, digits. */
  readonly at: string;
  readonly attributes: Attributes;
}

/** The attribute in which MLflow's clients say which trace a span belongs to. */
export const TRACE_ID = "mlflow.traceRequestId";

export const traceIdOf = (otelHex: string): string => `tr-${otelHex}`;

const otelIdOf = ({ trace, body }: Span): string =>
  base64(hexToBytes(body.otel ?? trace.slice("tr-".length)));

const spanId = (hex: string): string => base64(hexToBytes(hex));

const attributesOf = ({ trace, body }: Span): Attributes =>
  TRACE_ID in body.attributes ? body.attributes : { [TRACE_ID]: trace, ...body.attributes };

/**
 * A span of opentelemetry.proto.trace.v1 in protobuf's JSON, with the names of its fields. As text, because its times are integers
 * beyond 2^53, and MLflow's clients want them as numbers.
 */
export function spanJson(span: Span): string {
  const { body } = span;
  const events = body.events.map(
    ({ name, at, attributes }) =>
      `{"time_unix_nano":${at},"name":${JSON.stringify(name)},"attributes":${wireAttributes(attributes)}}`,
  );
  const status = [
    ...(body.message === undefined ? [] : [`"message":${JSON.stringify(body.message)}`]),
    ...(span.status === "UNSET" ? [] : [`"code":"STATUS_CODE_${span.status}"`]),
  ];
  const fields = [
    `"trace_id":"${otelIdOf(span)}"`,
    `"span_id":"${spanId(span.id)}"`,
    ...(span.parent === undefined ? [] : [`"parent_span_id":"${spanId(span.parent)}"`]),
    `"name":${JSON.stringify(span.name)}`,
    `"start_time_unix_nano":${span.startNs}`,
    ...(span.endNs === undefined ? [] : [`"end_time_unix_nano":${span.endNs}`]),
    `"attributes":${wireAttributes(attributesOf(span))}`,
    ...(events.length === 0 ? [] : [`"events":[${events.join()}]`]),
    `"status":{${status.join()}}`,
  ];
  return `{${fields.join()}}`;
}

/** A span as MLflow writes it into a file traces.json: attributes are JSON texts within JSON. */
export function spanFileJson(span: Span): string {
  const { body } = span;
  const attributes = Object.entries(attributesOf(span)).map(
    ([key, value]): [string, AttributeValue] => [key, pythonJson(value)],
  );
  const events = body.events.map(
    (event) =>
      `{"name": ${JSON.stringify(event.name)}, "time_unix_nano": ${event.at}, "attributes": ${pythonMap(Object.entries(event.attributes))}}`,
  );
  const fields = [
    `"trace_id": "${otelIdOf(span)}"`,
    `"span_id": "${spanId(span.id)}"`,
    `"parent_span_id": ${span.parent === undefined ? "null" : `"${spanId(span.parent)}"`}`,
    `"name": ${JSON.stringify(span.name)}`,
    `"start_time_unix_nano": ${span.startNs}`,
    `"end_time_unix_nano": ${span.endNs ?? "null"}`,
    `"events": [${events.join(", ")}]`,
    `"status": {"code": "STATUS_CODE_${span.status}", "message": ${JSON.stringify(body.message ?? "")}}`,
    `"attributes": ${pythonMap(attributes)}`,
  ];
  return `{${fields.join(", ")}}`;
}
