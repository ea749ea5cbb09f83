import { resolve } from "node:path";
import { migrate } from "../../src/storage/migrate.ts";
import { ensurePostgres } from "../../src/storage/sql/embedded.ts";
import { postgres } from "../../src/storage/sql/postgres.ts";
import { quietLog } from "../../src/testing/quiet-log.ts";

/**
 * A PostgreSQL for any number of `tracking-process.ts`, in the folder given. Its database `millwright` is migrated and stays as it
 * is: each of them copies it. Prints its URL as JSON; ends with its standard input or on SIGTERM.
 */
const [folder = ""] = process.argv.slice(2);
const log = quietLog();
const server = await ensurePostgres({ dataDir: resolve(folder), log });
const sql = postgres(server.url, { log });
// Nothing here outlives the tests; making and dropping databases waits for the disk otherwise.
for (const setting of ["fsync", "full_page_writes"])
  await sql.query(`alter system set ${setting} = off`);
await sql.query("select pg_reload_conf()");
await migrate(sql, { log });
// A database that somebody is connected to cannot be copied.
await sql.close();
const stop = (): void => void server.stop().then(() => process.exit(0));
process.on("SIGTERM", stop);
process.stdin.on("end", stop).resume();
process.stdout.write(`${JSON.stringify({ url: server.url })}\n`);
