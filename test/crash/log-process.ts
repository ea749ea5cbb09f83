import { armCrashPointsFromEnvironment } from "../../src/engine/crash-points.ts";
import { journalRoot, newAttempt } from "../../src/gateway/prediction-log.ts";
import { eraseKey } from "../../src/serving/log/erase-key.ts";
import { logStore } from "../../src/serving/log/store.ts";
import { tidyLog } from "../../src/serving/log/tidy-log.ts";
import { ship } from "../../src/serving/ship.ts";
import { fileBlobs } from "../../src/storage/blobs/files.ts";
import { duckdbColumns } from "../../src/storage/columns/duckdb.ts";
import { journalsIn } from "../../src/storage/journal/segments.ts";
import { postgres } from "../../src/storage/sql/postgres.ts";
import { quietLog } from "../../src/testing/quiet-log.ts";

/** Ships, erases one entity, deletes what is too old and joins the rest, once; to be killed anywhere. */
const [databaseUrl = "", folder = "", cutoff = "", key = ""] = process.argv.slice(2);
armCrashPointsFromEnvironment();
const log = quietLog();
const sql = postgres(databaseUrl, { log });
const columns = await duckdbColumns({ scratch: `${folder}/scratch` });
const deps = {
  ...{ columns, log, blobs: fileBlobs(`${folder}/blobs`), store: logStore(sql) },
  journals: journalsIn(journalRoot(folder)),
  breathe: async () => {},
  newAttempt,
};
await ship(deps);
await eraseKey(deps, { model: "old", key, at: Date.now() });
// As if it were days later, so that everything has settled and all that is unused goes at once.
const now = Date.now() + 3 * 86_400_000;
await tidyLog(deps, { now, keepSince: new Map([["old", Number(cutoff)]]) });
await columns.close();
await sql.close();
