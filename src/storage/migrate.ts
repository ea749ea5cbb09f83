import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { MillwrightError } from "../errors.ts";
import type { Log } from "../lib/log.ts";
import type { Sql } from "./sql/sql.ts";

/** Any 64-bit number, the same in every version: "millwrig" in ASCII would not fit a JavaScript number. */
const LOCK = 6_245_990_001;

export interface Migration {
  /** `NNNN_<what>`: applied in this order, once, never edited afterwards. */
  readonly name: string;
  readonly text: string;
}

/** The numbered SQL files: beside this source, or copied to `dist/migrations` by the build. */
export function shippedMigrations(): Migration[] {
  const folder = ["./migrations/", "../migrations/"]
    .map((relative) => fileURLToPath(new URL(relative, import.meta.url)))
    .find((path) => existsSync(path));
  if (!folder)
    throw new MillwrightError(
      "internal",
      "The folder 'migrations' is missing beside the program: the install is incomplete. Reinstall.",
    );
  return readdirSync(folder)
    .sort()
    .map((file) => {
      // One that is left out in silence is missed only when it is slow.
      if (!/^\d{4}_[a-z0-9-]+\.sql$/.test(file))
        throw new MillwrightError(
          "internal",
          `'${file}' is no name of a migration: NNNN_<what>.sql.`,
        );
      return { name: basename(file, ".sql"), text: readFileSync(`${folder}/${file}`, "utf8") };
    });
}

/**
 * Brings the schema `millwright` up to this program: each missing migration in a transaction of its own, under an advisory
 * lock, so that any number of processes may call it at once. Throws `conflict` when the database was migrated by a newer
 * program, or when an applied migration has been edited. Returns the names applied now.
 */
export async function migrate(
  sql: Sql,
  { log, migrations = shippedMigrations() }: { log: Log; migrations?: readonly Migration[] },
): Promise<string[]> {
  await sql.transact(async (tx) => {
    await tx.query("select pg_advisory_xact_lock($1)", [LOCK]);
    await tx.query(`
      create schema if not exists millwright;
      create table if not exists millwright.migration (
        name text primary key,
        digest text not null,
        applied_at timestamptz not null default now()
      );`);
  });
  const applied: string[] = [];
  for (const migration of migrations) {
    const ran = await sql.transact(async (tx) => {
      await tx.query("select pg_advisory_xact_lock($1)", [LOCK]);
      const known = await tx.query<{ name: string; digest: string }>(
        "select name, digest from millwright.migration",
      );
      refuseNewer(known, migrations);
      const digest = digestOf(migration.text);
      const before = known.find((k) => k.name === migration.name);
      if (before && before.digest !== digest)
        throw new MillwrightError(
          "conflict",
          `Migration ${migration.name} was edited after it had been applied to this database. Restore the file and put the change into a new migration.`,
        );
      if (before) return false;
      await tx.query(migration.text);
      await tx.query("insert into millwright.migration (name, digest) values ($1, $2)", [
        migration.name,
        digest,
      ]);
      return true;
    });
    if (ran) applied.push(migration.name);
  }
  if (applied.length > 0) log.debug("database migrated", { applied });
  return applied;
}

function refuseNewer(known: readonly { name: string }[], ours: readonly Migration[]): void {
  const names = new Set(ours.map((m) => m.name));
  const foreign = known.map((k) => k.name).filter((name) => !names.has(name));
  if (foreign.length === 0) return;
  throw new MillwrightError(
    "conflict",
    `This database was migrated by a newer Millwright (it has ${foreign.sort().join(", ")}, which this program does not know). ` +
      "Install that version or newer.",
  );
}

const digestOf = (text: string): string => createHash("sha256").update(text).digest("hex");
