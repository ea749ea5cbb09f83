import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { MillwrightError } from "../../errors.ts";
import type { Log } from "../../lib/log.ts";
import type { QueryOptions, Sql } from "./sql.ts";

/** Outages up to this long (a database restart) are waited out before `unavailable`. */
const WAIT_MS = 30_000;

/**
 * `Sql` over a pool of connections to a `postgres://` URL.
 *
 * Values out: int8 and numeric → number (also `count(*)`, `sum(int)`; an integer beyond 2^53 throws), timestamptz and timestamp
 * → milliseconds since 1970 UTC, date → "YYYY-MM-DD", json → parsed, bytea → Buffer.
 * Values in: pass `new Date(ms)` for timestamptz, `JSON.stringify(value)` for jsonb (a bare array would become a PostgreSQL array).
 *
 * A server that restarts never ends the process. A refused connection is retried for up to 30 s, then `unavailable`. A
 * connection that breaks under a statement is `unavailable` at once, since nobody can know whether it was executed; only
 * plain selects are repeated. Unique violations are `conflict` (details.constraint), a full disk `storage_full`, everything
 * else `internal`; `details.sqlState` is kept.
 */
export function postgres(
  url: string,
  {
    log,
    maxConnections = 10,
    waitMs = WAIT_MS,
  }: { log: Log; maxConnections?: number; waitMs?: number },
): Sql {
  const pool = new pg.Pool({
    connectionString: url,
    max: maxConnections,
    application_name: "millwright",
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    allowExitOnIdle: true,
    types: { getTypeParser: parserOf as typeof pg.types.getTypeParser },
  });
  // Without listeners a broken connection, idle or checked out, would end the process.
  pool.on("error", (error) => log.debug("a database connection was lost", { why: error.message }));
  pool.on("connect", (client) => client.on("error", () => {}));

  /** A connection that has answered: idle ones may have died with the server. */
  const connect = async (): Promise<pg.PoolClient> => {
    const deadline = Date.now() + waitMs;
    for (let pause = 50; ; pause = Math.min(pause * 2, 1000)) {
      try {
        return await pool.connect();
      } catch (error) {
        if (!isOutage(error)) throw translate(error);
        if (Date.now() + pause > deadline) throw unavailable(error, waitMs);
      }
      await sleep(pause);
    }
  };

  const query = async <Row>(
    text: string,
    parameters?: readonly unknown[],
    options?: QueryOptions,
  ): Promise<Row[]> => {
    const repeatable = /^\s*select\b/i.test(text);
    const deadline = Date.now() + waitMs;
    for (;;) {
      const client = await connect();
      let broken = false;
      try {
        return await ask<Row>(client, text, parameters, options);
      } catch (error) {
        broken = isOutage(error);
        if (!broken) throw translate(error);
        if (!repeatable || Date.now() > deadline) throw unavailable(error, 0);
      } finally {
        client.release(broken);
      }
    }
  };

  return {
    query,
    async transact(body) {
      for (let attempt = 1; ; attempt++) {
        const client = await connect();
        try {
          await client.query("begin");
        } catch (error) {
          client.release(true);
          // Nothing has been done yet: a connection that died while idle is simply replaced.
          if (isOutage(error) && attempt <= maxConnections + 1) continue;
          throw isOutage(error) ? unavailable(error, 0) : translate(error);
        }
        return inTransaction(client, body);
      }
    },
    close: () => pool.end(),
  };
}

async function inTransaction<T>(client: pg.PoolClient, body: (sql: Sql) => Promise<T>): Promise<T> {
  let broken = false;
  try {
    const result = await body(withinTransaction(client, 1));
    await client.query("commit");
    return result;
  } catch (error) {
    await client.query("rollback").catch(() => {
      broken = true;
    });
    if (isOutage(error)) throw unavailable(error, 0);
    throw translate(error);
  } finally {
    client.release(broken);
  }
}

/** Nested `transact` is a savepoint. */
function withinTransaction(client: pg.PoolClient, depth: number): Sql {
  return {
    async query<Row>(text: string, parameters?: readonly unknown[], options?: QueryOptions) {
      try {
        return await ask<Row>(client, text, parameters, options);
      } catch (error) {
        throw isOutage(error) ? unavailable(error, 0) : translate(error);
      }
    },
    async transact(body) {
      const point = `p${depth}`;
      await client.query(`savepoint ${point}`);
      try {
        const result = await body(withinTransaction(client, depth + 1));
        await client.query(`release savepoint ${point}`);
        return result;
      } catch (error) {
        await client.query(`rollback to savepoint ${point}`).catch(() => {});
        throw error;
      }
    },
    async close() {},
  };
}

/** Without parameters several statements may come in one text (migrations); the rows are those of the last. */
async function ask<Row>(
  client: pg.PoolClient,
  text: string,
  parameters: readonly unknown[] | undefined,
  options?: QueryOptions,
): Promise<Row[]> {
  const values = parameters as unknown[] | undefined;
  const result = (await (options?.prepare
    ? client.query({ name: statementName(text), text, values: values ?? [] })
    : client.query(text, values))) as unknown as pg.QueryResult | pg.QueryResult[];
  return (Array.isArray(result) ? result.at(-1)?.rows : result.rows) as Row[];
}

const names = new Map<string, string>();

/** The same text has the same name, on every connection. */
function statementName(text: string): string {
  let name = names.get(text);
  if (name === undefined) {
    name = createHash("sha256").update(text).digest("hex").slice(0, 32);
    names.set(text, name);
  }
  return name;
}

const OUTAGE = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
]);

/** The server is away, starting, stopping, or has no connection to spare: the same call may succeed later. */
function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as { code?: string };
  if (code && (OUTAGE.has(code) || /^(57P0[123]|53300|08...)$/.test(code))) return true;
  if (error instanceof AggregateError) return error.errors.some(isOutage);
  return /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|not queryable/.test(
    error.message,
  );
}

const unavailable = (cause: unknown, waitedMs: number): MillwrightError =>
  new MillwrightError(
    "unavailable",
    `The database does not answer${waitedMs > 0 ? ` (tried for ${Math.round(waitedMs / 1000)} s)` : ""}: ${wordsOf(cause)}. ` +
      "Check that PostgreSQL runs ('millwright doctor'), then try again.",
    { cause },
  );

function wordsOf(error: unknown): string {
  if (error instanceof AggregateError && !error.message) return wordsOf(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}

function translate(error: unknown): unknown {
  if (!(error instanceof pg.DatabaseError)) return error;
  const { code: sqlState, constraint, table, detail } = error;
  const options = { details: { sqlState, constraint, table }, cause: error };
  if (sqlState === "23505")
    return new MillwrightError("conflict", `Already there: ${detail ?? error.message}`, options);
  if (sqlState === "53100")
    return new MillwrightError(
      "storage_full",
      "The database's disk is full. Free some space, then try again.",
      options,
    );
  if (sqlState === "40001" || sqlState === "40P01")
    return new MillwrightError("unavailable", "Two transactions collided; try again.", options);
  if (sqlState === "28P01" || sqlState === "28000" || sqlState === "3D000")
    return new MillwrightError(
      "invalid_config",
      `The database refuses the login: ${error.message}. Check user, password and database name in DATABASE_URL.`,
      options,
    );
  return new MillwrightError("internal", `Database: ${error.message}`, options);
}

const { builtins } = pg.types;
const timestampMs = (text: string): number => {
  const parsed: unknown = pg.types.getTypeParser(builtins.TIMESTAMPTZ)(text);
  return parsed instanceof Date ? parsed.getTime() : Number(parsed);
};
const int8 = (text: string): number => {
  const value = Number(text);
  if (!Number.isSafeInteger(value))
    throw new MillwrightError("internal", `The integer ${text} is beyond 2^53; cast it to text.`);
  return value;
};
const PARSERS: ReadonlyMap<number, (text: string) => unknown> = new Map<
  number,
  (text: string) => unknown
>([
  [builtins.INT8, int8],
  [builtins.NUMERIC, Number],
  [builtins.TIMESTAMPTZ, timestampMs],
  // The sessions of the embedded server are in UTC; our tables have timestamptz only.
  [builtins.TIMESTAMP, (text) => timestampMs(`${text}+00`)],
  [builtins.DATE, String],
]);

const parserOf = (oid: number, format?: "text" | "binary"): unknown =>
  (format !== "binary" && PARSERS.get(oid)) || pg.types.getTypeParser(oid, format as "text");
