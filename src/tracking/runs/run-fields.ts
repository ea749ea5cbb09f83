import { invalidParameter } from "../mlflow/errors.ts";
import { absent, text } from "../mlflow/fields.ts";

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
  throw invalidParameter(
    "Missing value for required parameter 'run_id'. See the API docs for more information about request parameters.",
  );
}
