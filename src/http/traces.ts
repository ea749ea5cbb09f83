import { randomBytes } from "node:crypto";
import { MillwrightError } from "../errors.ts";
import type { AnsweredRequest } from "./observer.ts";
import type { TraceParent } from "./traceparent.ts";

/** Sends what was noted of requests as OpenTelemetry spans: one for the request, and under it one for each part of the work. */
export interface Traces {
  /** A caller that traces decides for the requests it makes; of the others the configured share is traced. */
  samples(parent: TraceParent | undefined): boolean;
  newTraceId(): string;
  keep(answered: AnsweredRequest): void;
  /** Sends what is left. */
  close(): Promise<void>;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * By OpenTelemetry's own environment variables: OTEL_EXPORTER_OTLP_ENDPOINT (or …_TRACES_ENDPOINT) switches traces on;
 * OTEL_TRACES_SAMPLER_ARG is the share of requests without a tracing caller (1), OTEL_TRACES_SAMPLER `always_off` or OTEL_SDK_DISABLED
 * switch them off; OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES, OTEL_EXPORTER_OTLP_HEADERS, OTEL_BSP_* as the SDK reads them. Without an
 * endpoint nothing is loaded. Throws `invalid_config` for a share that is none.
 */
export async function openTraces(
  environment: Environment,
  about: { readonly service: string; readonly version: string },
): Promise<Traces | undefined> {
  const endpoint = endpointOf(environment);
  const off =
    environment.OTEL_SDK_DISABLED === "true" || environment.OTEL_TRACES_SAMPLER === "always_off";
  if (!endpoint || off) return undefined;
  const share = shareOf(environment);
  const [{ ROOT_CONTEXT, SpanKind, SpanStatusCode, trace }, sdk, { OTLPTraceExporter }, resources] =
    await Promise.all([
      import("@opentelemetry/api"),
      import("@opentelemetry/sdk-trace-base"),
      import("@opentelemetry/exporter-trace-otlp-http"),
      import("@opentelemetry/resources"),
    ]);
  let traceId = "";
  const provider = new sdk.BasicTracerProvider({
    resource: resources.resourceFromAttributes({
      ...attributesOf(environment.OTEL_RESOURCE_ATTRIBUTES),
      "service.name": environment.OTEL_SERVICE_NAME || about.service,
      "service.version": about.version,
      "process.pid": process.pid,
    }),
    sampler: new sdk.AlwaysOnSampler(),
    // A trace has its id from its beginning; its spans are made at the end of the request.
    idGenerator: {
      generateTraceId: () => traceId,
      generateSpanId: () => randomBytes(8).toString("hex"),
    },
    spanProcessors: [new sdk.BatchSpanProcessor(new OTLPTraceExporter({ url: endpoint }))],
  });
  const tracer = provider.getTracer(about.service, about.version);
  return {
    samples: (parent) => (parent === undefined ? Math.random() < share : parent.sampled),
    newTraceId: () => randomBytes(16).toString("hex"),
    keep({ method, route, model, id, status, durationMs, note }) {
      const { trace: own, startedAt, parts, facts } = note!;
      traceId = own!.id;
      const parent = own!.parent;
      const above =
        parent === undefined
          ? ROOT_CONTEXT
          : trace.setSpanContext(ROOT_CONTEXT, {
              ...{ traceId: parent.traceId, spanId: parent.spanId },
              ...{ traceFlags: 1, isRemote: true },
            });
      const span = tracer.startSpan(
        `${method} ${route}`,
        {
          kind: SpanKind.SERVER,
          startTime: startedAt,
          attributes: {
            "http.request.method": method,
            "http.route": route,
            "http.response.status_code": status,
            "millwright.request": id,
            ...named({ ...(model === undefined ? {} : { model }), ...facts }),
          },
        },
        above,
      );
      // As the conventions for HTTP servers have it: what the caller did wrong is no error of ours.
      if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
      const under = trace.setSpan(above, span);
      for (const { part, from, to } of parts)
        tracer.startSpan(part, { startTime: startedAt + from }, under).end(startedAt + to);
      span.end(startedAt + durationMs);
    },
    close: () => provider.shutdown(),
  };
}

/** The general one is where a collector is; the one for traces is taken as it is. */
function endpointOf({
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: traces,
  OTEL_EXPORTER_OTLP_ENDPOINT: general,
}: Environment): string | undefined {
  if (traces) return traces;
  return general ? `${general.replace(/\/+$/, "")}/v1/traces` : undefined;
}

function shareOf({
  OTEL_TRACES_SAMPLER_ARG: given,
  OTEL_TRACES_SAMPLER: sampler,
}: Environment): number {
  if (!given || sampler?.endsWith("always_on")) return 1;
  const share = Number(given);
  if (share >= 0 && share <= 1) return share;
  throw new MillwrightError(
    "invalid_config",
    `Environment variable OTEL_TRACES_SAMPLER_ARG=${given} is not usable: write a share from 0 to 1, such as 0.01.`,
  );
}

/** "a=b,c=d", values percent-encoded: https://opentelemetry.io/docs/specs/otel/resource/sdk. What does not fit is left out. */
const attributesOf = (given = ""): Record<string, string> =>
  Object.fromEntries(
    given.split(",").flatMap((pair) => {
      const at = pair.indexOf("=");
      if (at < 1) return [];
      const text = pair.slice(at + 1).trim();
      try {
        return [[pair.slice(0, at).trim(), decodeURIComponent(text)]];
      } catch {
        return [[pair.slice(0, at).trim(), text]];
      }
    }),
  );

const named = (facts: object): Record<string, string | number> =>
  Object.fromEntries(Object.entries(facts).map(([name, value]) => [`millwright.${name}`, value]));
