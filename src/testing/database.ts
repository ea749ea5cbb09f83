import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { migrate } from "../storage/migrate.ts";
import { ensurePostgres } from "../storage/sql/embedded.ts";
import { postgres } from "../storage/sql/postgres.ts";
import type { Sql } from "../storage/sql/sql.ts";
import { quietLog } from "./quiet-log.ts";

export interface TestDatabase {
  readonly url: string;
  readonly sql: Sql;
  /** The folder given to `ensurePostgres`. */
  readonly dataDir: string;
  /** A folder for the test's own files; removed by `stop`. */
  readonly folder: string;
  stop(): Promise<void>;
}

/** A real PostgreSQL of its own in a temporary folder, migrated (about a second): one per test file, in `beforeAll`. */
export async function testDatabase(): Promise<TestDatabase> {
  const log = quietLog();
  const folder = mkdtempSync(join(tmpdir(), "millwright-test-"));
  // Root's temporary folders are private; the server runs as another user.
  chmodSync(folder, 0o755);
  const dataDir = join(folder, "database");
  const server = await ensurePostgres({ dataDir, log });
  const sql = postgres(server.url, { log });
  await migrate(sql, { log });
  return {
    url: server.url,
    sql,
    dataDir,
    folder,
    async stop() {
      await sql.close();
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
