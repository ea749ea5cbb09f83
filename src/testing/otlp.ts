import protobuf from "protobufjs/light.js";

/** opentelemetry-proto as far as tests send it: message → field → [number, type, repeated?]. */
const MESSAGES: Readonly<
  Record<string, Readonly<Record<string, readonly [number, string, "repeated"?]>>>
> = {
  Request: { resource: [1, "ResourceSpans", "repeated"] },
  ResourceSpans: { scope: [2, "ScopeSpans", "repeated"] },
  ScopeSpans: { spans: [2, "Span", "repeated"] },
  Span: {
    traceId: [1, "bytes"],
    spanId: [2, "bytes"],
    parentSpanId: [4, "bytes"],
    name: [5, "string"],
    start: [7, "fixed64"],
    end: [8, "fixed64"],
    attributes: [9, "KeyValue", "repeated"],
    events: [11, "Event", "repeated"],
    status: [15, "Status"],
  },
  Event: { at: [1, "fixed64"], name: [2, "string"], attributes: [3, "KeyValue", "repeated"] },
  Status: { message: [2, "string"], code: [3, "int32"] },
  KeyValue: { key: [1, "string"], value: [2, "AnyValue"] },
  AnyValue: {
    text: [1, "string"],
    bool: [2, "bool"],
    int: [3, "int64"],
    double: [4, "double"],
    list: [5, "ArrayValue"],
    map: [6, "KeyValueList"],
    bytes: [7, "bytes"],
  },
  ArrayValue: { values: [1, "AnyValue", "repeated"] },
  KeyValueList: { values: [1, "KeyValue", "repeated"] },
};

const root = new protobuf.Root();
for (const [name, fields] of Object.entries(MESSAGES)) {
  const type = new protobuf.Type(name);
  for (const [field, [id, kind, rule]] of Object.entries(fields))
    type.add(new protobuf.Field(field, id, kind, rule));
  root.add(type);
}

/** One field of AnyValue. */
export type SentValue = Readonly<Record<string, unknown>>;

export interface SentSpan {
  readonly trace: string;
  readonly id: string;
  readonly parent?: string;
  readonly name: string;
  readonly start?: string;
  readonly end?: string;
  readonly code?: number;
  readonly attributes?: Readonly<Record<string, SentValue>>;
  readonly events?: readonly { readonly name: string; readonly at: string }[];
}

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, "hex"));

export const keyValues = (attributes: Readonly<Record<string, SentValue>> = {}): object[] =>
  Object.entries(attributes).map(([key, value]) => ({ key, value }));

/** An export of spans as OpenTelemetry's clients send it. */
export function otlpExport(spans: readonly SentSpan[]): Uint8Array<ArrayBuffer> {
  const sent = spans.map((span) => ({
    traceId: bytes(span.trace),
    spanId: bytes(span.id),
    ...(span.parent === undefined ? {} : { parentSpanId: bytes(span.parent) }),
    name: span.name,
    start: span.start ?? "1760000000123456789",
    ...(span.end === undefined ? {} : { end: span.end }),
    attributes: keyValues(span.attributes),
    events: span.events ?? [],
    status: { code: span.code ?? 1 },
  }));
  const message = { resource: [{ scope: [{ spans: sent }] }] };
  return Uint8Array.from(root.lookupType("Request").encode(message).finish());
}
