import { absent, missingParameter, text } from "../mlflow/fields.ts";

/** The id of a run goes by two names; clients send both, with the same value. */
export const RUN_FIELDS = { run_id: absent(text()), run_uuid: absent(text()) };

export function runIdOf({
  run_id,
  run_uuid,
}: {
  readonly run_id?: string | undefined;
  readonly run_uuid?: string | undefined;
}): string {
  const id = run_id || run_uuid;
  if (id) return id;
  throw missingParameter("run_id");
}
