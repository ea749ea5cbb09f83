import type { HttpAnswer, HttpRoute } from "../../../http/http.ts";
import { experimentNumber } from "../read-trace.ts";
import type { TraceStore } from "../store.ts";
import { type WhyNotKeptDeps, whyNotKept } from "../why-not-kept.ts";
import { readOtlp } from "./read-otlp.ts";

export interface OtlpRoutesDeps extends WhyNotKeptDeps {
  readonly traces: Pick<TraceStore, "putSpans">;
}

const PROTOBUF = "application/x-protobuf";

/** OTLP over HTTP, for any client of OpenTelemetry: protobuf only, as with MLflow, and the experiment in a header. */
export const otlpRoutes = (deps: OtlpRoutesDeps): HttpRoute[] => [
  {
    ...{ method: "POST", path: "/v1/traces", raw: true },
    about: () => ({
      summary: "OpenTelemetry: keeps spans of the experiment in x-mlflow-experiment-id.",
    }),
    async handle({ headers, body }) {
      const experiment = headers["x-mlflow-experiment-id"] ?? "";
      if (experiment === "")
        return refusal(422, "Header x-mlflow-experiment-id is missing: say whose the spans are.");
      const type = headers["content-type"] ?? "";
      if (type.split(";", 1)[0]!.trim().toLowerCase() !== PROTOBUF)
        return refusal(400, `Invalid Content-Type: ${type}. Expected: ${PROTOBUF}`);
      const read = readOtlp((body as Uint8Array | undefined) ?? new Uint8Array());
      if ("reason" in read) return refusal(read.status, read.reason);
      if (read.length > 0 && !(await deps.traces.putSpans(experimentNumber(experiment), read)))
        throw await whyNotKept(deps, experiment);
      return { type: PROTOBUF, body: new Uint8Array() };
    },
  },
];

/** MLflow's fields of an error, and the one that its server has here. */
const refusal = (status: number, detail: string): HttpAnswer => ({
  status,
  body: { error_code: "INVALID_PARAMETER_VALUE", message: detail, detail },
});
