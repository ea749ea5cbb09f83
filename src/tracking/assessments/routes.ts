import { z } from "zod";
import type { HttpRoute } from "../../http/http.ts";
import type { Clock } from "../../lib/clock.ts";
import { doesNotExist } from "../mlflow/errors.ts";
import { text } from "../mlflow/fields.ts";
import { rpc, rpcRoutes } from "../mlflow/rpc.ts";
import { hexId } from "../runs/hex-id.ts";
import { noTrace } from "../traces/one-trace.ts";
import { assessmentView } from "./assessment.ts";
import { changedAssessment, maskedFields } from "./change-assessment.ts";
import { assessmentFields, newAssessment } from "./read-assessment.ts";
import type { AssessmentStore } from "./store.ts";

export interface AssessmentRoutesDeps {
  readonly assessments: AssessmentStore;
  readonly clock: Clock;
  hasTrace(id: string): Promise<boolean>;
  chance(): number;
}

const ONE = "/traces/{trace_id}/assessments/{assessment_id}";

const named = () => ({ trace_id: text(1), assessment_id: text(1) });

export function assessmentRoutes(deps: AssessmentRoutesDeps): HttpRoute[] {
  const { assessments, clock } = deps;
  const missing = async (trace: string, id: string): Promise<Error> =>
    (await deps.hasTrace(trace))
      ? doesNotExist(`Assessment with ID '${id}' not found for trace '${trace}'`)
      : noTrace(trace);
  return rpcRoutes([
    rpc({
      ...{ method: "POST", path: "/traces/{trace_id}/assessments", version: 3 },
      summary: "keeps an assessment of a trace",
      input: z.object({ trace_id: text(1), assessment: assessmentFields }),
      async handle({ trace_id: trace, assessment: given }) {
        const now = clock.now();
        // An id of the caller's could be that of another trace's assessment.
        const own = { ...given, assessment_id: undefined };
        const assessment = newAssessment(own, { trace, id: `a-${hexId(deps.chance)}`, now });
        const outcome = await assessments.add(assessment);
        if (outcome === "no trace") throw noTrace(trace);
        if (outcome === "nothing to override") throw await missing(trace, assessment.overrides!);
        return { body: { assessment: assessmentView(assessment) } };
      },
    }),
    rpc({
      ...{ method: "GET", path: ONE, version: 3, summary: "an assessment" },
      input: z.object(named()),
      async handle({ trace_id: trace, assessment_id: id }) {
        const assessment = await assessments.get(trace, id);
        if (assessment === undefined) throw await missing(trace, id);
        return { body: { assessment: assessmentView(assessment) } };
      },
    }),
    rpc({
      ...{ method: "PATCH", path: ONE, version: 3, summary: "changes fields of an assessment" },
      input: z.object({ ...named(), assessment: assessmentFields, update_mask: text(1) }),
      async handle({ trace_id: trace, assessment_id: id, assessment: given, update_mask: mask }) {
        const fields = maskedFields(mask);
        const changed = await assessments.change(trace, id, (found) =>
          changedAssessment(found, given, { fields, now: clock.now() }),
        );
        if (changed === undefined) throw await missing(trace, id);
        return { body: { assessment: assessmentView(changed) } };
      },
    }),
    rpc({
      ...{ method: "DELETE", path: ONE, version: 3, summary: "deletes an assessment" },
      input: z.object(named()),
      async handle({ trace_id: trace, assessment_id: id }) {
        if (!(await deps.hasTrace(trace))) throw noTrace(trace);
        await assessments.delete(trace, id);
        return {};
      },
    }),
  ]);
}
