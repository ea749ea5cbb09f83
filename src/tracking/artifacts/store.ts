import type { Sql } from "../../storage/sql/sql.ts";
import { doesNotExist } from "../mlflow/errors.ts";

/** Where runs and logged models keep their artifacts, deleted ones too: what they kept is there until it is collected. */
export function artifactUris(sql: Sql) {
  const uriOf = async (table: string, id: string): Promise<string | undefined> => {
    const [row] = await sql.query<{ artifact_uri: string }>(
      `select artifact_uri from millwright.${table} where id = $1`,
      [id],
    );
    return row?.artifact_uri;
  };
  return {
    async artifactUriOf(run: string): Promise<string> {
      const uri = await uriOf("tracked_run", run);
      if (uri === undefined) throw doesNotExist(`Run with id=${run} not found`);
      return uri;
    },
    async modelUriOf(model: string): Promise<string> {
      const uri = await uriOf("logged_model", model);
      if (uri === undefined) throw doesNotExist(`Logged model with ID '${model}' not found.`);
      return uri;
    },
  };
}
