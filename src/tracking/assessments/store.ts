import type { Sql } from "../../storage/sql/sql.ts";
import type { Assessment } from "./assessment.ts";
import {
  ASSESSMENT,
  type AssessmentRow,
  assessmentOfRow,
  assessmentValues,
  PUT_ASSESSMENT,
} from "./assessment-row.ts";

export interface AssessmentStore {
  get(trace: string, id: string): Promise<Assessment | undefined>;
  /** A new one; what it overrides is not valid any more. Says what was not there. */
  add(assessment: Assessment): Promise<"added" | "no trace" | "nothing to override">;
  /** Changes one while nobody else can; undefined when it is not there. */
  change(
    trace: string,
    id: string,
    changed: (assessment: Assessment) => Assessment,
  ): Promise<Assessment | undefined>;
  /** What it overrode is valid again, unless another overrides it as well. Repeating it does nothing. */
  delete(trace: string, id: string): Promise<void>;
}

interface Row {
  readonly assessment: AssessmentRow;
}

export function assessmentStore(sql: Sql): AssessmentStore {
  const read = async (by: Sql, trace: string, id: string, lock = "") => {
    const rows = await by.query<Row>(
      `select ${ASSESSMENT} as assessment from millwright.assessment a where a.id = $2 and a.trace = $1${lock}`,
      [trace, id],
    );
    return rows[0] && assessmentOfRow(rows[0].assessment);
  };
  return {
    get: (trace, id) => read(sql, trace, id),
    add: (assessment) =>
      sql.transact(async (tx) => {
        const { trace, overrides } = assessment;
        // Held until the end, so that the trace is not deleted meanwhile.
        const traces = await tx.query("select from millwright.trace where id = $1 for key share", [
          trace,
        ]);
        if (traces.length === 0) return "no trace";
        if (overrides !== undefined && !(await invalidate(tx, trace, overrides)))
          return "nothing to override";
        await tx.query(PUT_ASSESSMENT, assessmentValues(assessment));
        return "added";
      }),
    change: (trace, id, changed) =>
      sql.transact(async (tx) => {
        const found = await read(tx, trace, id, " for update");
        if (found === undefined) return undefined;
        const next = changed(found);
        await tx.query(PUT_ASSESSMENT, assessmentValues(next));
        return next;
      }),
    delete: (trace, id) =>
      sql.transact(async (tx) => {
        const rows = await tx.query<{ overrides: string | null }>(
          "delete from millwright.assessment where trace = $1 and id = $2 returning overrides",
          [trace, id],
        );
        await tx.query(
          `update millwright.assessment a set valid = true where a.trace = $1 and a.id = $2
             and not exists (select from millwright.assessment o where o.trace = $1 and o.overrides = $2)`,
          [trace, rows[0]?.overrides ?? null],
        );
      }),
  };
}

async function invalidate(sql: Sql, trace: string, id: string): Promise<boolean> {
  const rows = await sql.query(
    "update millwright.assessment set valid = false where trace = $1 and id = $2 returning id",
    [trace, id],
  );
  return rows.length > 0;
}
