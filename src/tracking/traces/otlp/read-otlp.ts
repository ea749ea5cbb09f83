import { bytesToHex } from "@noble/hashes/utils.js";
import { base64 } from "../../../lib/base64.ts";
import { utf8Text } from "../../../lib/utf8.ts";
import { eachField, type Field } from "../../../onnx/wire.ts";
import { storable } from "../../mlflow/storable.ts";
import {
  type Attributes,
  type AttributeValue,
  ofDouble,
  ofInteger,
  ofMap,
} from "../attribute-value.ts";
import { type Span, type SpanEvent, type SpanStatus, TRACE_ID, traceIdOf } from "../span.ts";
import { MAX_TRACE_ID } from "../trace.ts";

/** Why an export cannot be taken: the bytes are no export (400), or a span in it cannot be kept (422). */
export interface Refusal {
  readonly status: 400 | 422;
  readonly reason: string;
}

class Unreadable extends Error {
  readonly status: Refusal["status"];
  constructor(status: Refusal["status"], reason: string) {
    super(reason);
    this.status = status;
  }
}

/** Lists and maps within each other. */
const DEPTH = 64;
/** PostgreSQL's largest integer: nanoseconds until 2262. */
const LATEST_NS = 2n ** 63n - 1n;

/**
 * Spans of an ExportTraceServiceRequest (opentelemetry-proto 1.x, trace/v1), in the order they came. By hand, because a generic
 * reader would make objects of what nobody keeps and lose integers beyond 2^53. Resource, scope and links are not kept, as in MLflow.
 */
export function readOtlp(request: Uint8Array): readonly Span[] | Refusal {
  const spans: Span[] = [];
  let resources = 0;
  try {
    eachField(request, new Set([1]), (resource) => {
      resources++;
      eachField(message(resource), new Set([2]), (scope) =>
        eachField(message(scope), new Set([2]), (span) => {
          spans.push(spanOf(message(span)));
        }),
      );
    });
  } catch (error) {
    if (error instanceof Unreadable) return { status: error.status, reason: error.message };
    return { status: 400, reason: "Invalid OpenTelemetry protobuf format" };
  }
  if (resources > 0) return spans;
  return { status: 400, reason: "Invalid OpenTelemetry protobuf format - no spans found" };
}

function spanOf(bytes: Uint8Array): Span {
  let [otel, id, parent, name, message_] = ["", "", "", "", ""];
  let [start, end] = [0n, 0n];
  let status: SpanStatus = "UNSET";
  const attributes: [string, AttributeValue][] = [];
  const events: SpanEvent[] = [];
  eachField(bytes, SPAN_FIELDS, (field) => {
    if (field.id === 1) otel = hexOf(field, 16, "trace_id");
    else if (field.id === 2) id = hexOf(field, 8, "span_id");
    else if (field.id === 4) parent = hexOf(field, 8, "parent_span_id");
    else if (field.id === 5) name = text(field);
    else if (field.id === 7) start = fixed64(field);
    else if (field.id === 8) end = fixed64(field);
    else if (field.id === 9) attributes.push(pair(message(field), 0));
    else if (field.id === 11) events.push(eventOf(message(field)));
    else
      eachField(message(field), undefined, (part) => {
        if (part.id === 2) message_ = text(part);
        else if (part.id === 3) status = statusOf(part.value);
      });
  });
  return checkedSpan(
    { otel, id, parent, name, start, end, status, message: message_ },
    attributes,
    events,
  );
}

const SPAN_FIELDS = new Set([1, 2, 4, 5, 7, 8, 9, 11, 15]);

const statusOf = (code: bigint): SpanStatus =>
  code === 1n ? "OK" : code === 2n ? "ERROR" : "UNSET";

interface Read {
  readonly otel: string;
  readonly id: string;
  readonly parent: string;
  readonly name: string;
  readonly start: bigint;
  readonly end: bigint;
  readonly status: SpanStatus;
  readonly message: string;
}

function checkedSpan(
  read: Read,
  pairs: readonly (readonly [string, AttributeValue])[],
  events: readonly SpanEvent[],
): Span {
  const { otel, id, parent, name, start, end, status, message } = read;
  if (otel === "") throw refused("trace_id is missing");
  if (id === "") throw refused("span_id is missing");
  if (start > LATEST_NS || end > LATEST_NS)
    throw refused(`${name.slice(0, 100)}: its times are beyond 2262`);
  const attributes: Attributes = Object.fromEntries(pairs);
  const told = attributes[TRACE_ID];
  const trace = typeof told === "string" && told !== "" ? told : traceIdOf(otel);
  if (trace.length > MAX_TRACE_ID)
    throw refused(
      `${TRACE_ID} has ${trace.length} characters; at most ${MAX_TRACE_ID} are possible`,
    );
  return {
    ...{ trace, id, parent: parent === "" ? undefined : parent, name, status },
    ...{ startNs: start, endNs: end === 0n ? undefined : end },
    body: {
      ...{ attributes, events },
      ...(message === "" ? {} : { message }),
      ...(trace === traceIdOf(otel) ? {} : { otel }),
    },
  };
}

function eventOf(bytes: Uint8Array): SpanEvent {
  let name = "";
  let at = 0n;
  const attributes: [string, AttributeValue][] = [];
  eachField(bytes, undefined, (field) => {
    if (field.id === 1) at = fixed64(field);
    else if (field.id === 2) name = text(field);
    else if (field.id === 3) attributes.push(pair(message(field), 0));
  });
  return { name, at: at.toString(), attributes: Object.fromEntries(attributes) };
}

function pair(bytes: Uint8Array, depth: number): [string, AttributeValue] {
  let key = "";
  let value: AttributeValue = null;
  eachField(bytes, undefined, (field) => {
    if (field.id === 1) key = text(field);
    else if (field.id === 2) value = anyValue(message(field), depth);
  });
  return [key, value];
}

/** AnyValue: the last of its fields counts. */
function anyValue(bytes: Uint8Array, depth: number): AttributeValue {
  if (depth > DEPTH) throw refused(`an attribute's lists and maps are more than ${DEPTH} deep`);
  let value: AttributeValue = null;
  eachField(bytes, undefined, (field) => {
    if (field.id === 1) value = text(field);
    else if (field.id === 2) value = field.value !== 0n;
    else if (field.id === 3) value = ofInteger(BigInt.asIntN(64, field.value));
    else if (field.id === 4) value = ofDouble(double(field));
    else if (field.id === 5) value = listOf(message(field), depth);
    else if (field.id === 6) value = mapOf(message(field), depth);
    else if (field.id === 7) value = { "~bytes": base64(message(field)) };
  });
  return value;
}

function listOf(bytes: Uint8Array, depth: number): AttributeValue {
  const items: AttributeValue[] = [];
  eachField(bytes, new Set([1]), (field) => {
    items.push(anyValue(message(field), depth + 1));
  });
  return items;
}

function mapOf(bytes: Uint8Array, depth: number): AttributeValue {
  const pairs: [string, AttributeValue][] = [];
  eachField(bytes, new Set([1]), (field) => {
    pairs.push(pair(message(field), depth + 1));
  });
  return ofMap(pairs);
}

const malformed = (): Unreadable => new Unreadable(400, "Invalid OpenTelemetry protobuf format");

const refused = (why: string): Unreadable =>
  new Unreadable(422, `Cannot convert OpenTelemetry span to MLflow span: ${why}`);

function message({ kind, body }: Field): Uint8Array {
  if (kind !== "bytes") throw malformed();
  return body;
}

const text = (field: Field): string => storable(utf8Text(message(field)));

/** Zeros in front where a sender left them out. */
function hexOf(field: Field, bytes: number, name: string): string {
  const id = message(field);
  if (id.length > bytes) throw refused(`${name} has ${id.length} bytes, not ${bytes}`);
  return id.length === 0 ? "" : bytesToHex(id).padStart(bytes * 2, "0");
}

function view({ kind, body }: Field): DataView {
  if (kind !== "fixed64") throw malformed();
  return new DataView(body.buffer, body.byteOffset, 8);
}

const fixed64 = (field: Field): bigint => view(field).getBigUint64(0, true);
const double = (field: Field): number => view(field).getFloat64(0, true);
