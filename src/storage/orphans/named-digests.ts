import { open, stat } from "node:fs/promises";
import type { Digest } from "../../lib/digest.ts";
import type { Blobs } from "../blobs/blobs.ts";
import type { Sql } from "../sql/sql.ts";

/** Larger ones are data, not documents that name others. */
const LARGEST_DOCUMENT = 16 * 2 ** 20;
const JSON_BEGINS = new Set(["{", "["]);
const DIGEST = /sha256:[0-9a-f]{64}/g;

/**
 * Every digest that any text or JSON column of these schemas holds, whatever it means there: a column that somebody adds tomorrow is
 * looked at, too. Reads the tables whole.
 */
export async function digestsInTables(sql: Sql, schemas: readonly string[]): Promise<Set<Digest>> {
  const columns = await sql.query<{ of: string; name: string }>(
    `select format('%I.%I', c.table_schema, c.table_name) as of, quote_ident(c.column_name) as name
     from information_schema.columns c
     join information_schema.tables t using (table_schema, table_name)
     where c.table_schema = any($1) and t.table_type = 'BASE TABLE'
       and (c.data_type in ('text', 'character varying', 'json', 'jsonb') or c.udt_name in ('_text', '_jsonb'))`,
    [schemas],
  );
  const named = new Set<Digest>();
  for (const { of, name } of columns) {
    const rows = await sql.query<{ digest: Digest }>(
      `select distinct found[1] as digest
       from ${of}, regexp_matches(${name}::text, 'sha256:[0-9a-f]{64}', 'g') as found
       where ${name}::text like '%sha256:%'`,
    );
    for (const { digest } of rows) named.add(digest);
  }
  return named;
}

/** What JSON documents among these blobs name, and what those name. */
export async function digestsInBlobs(
  blobs: Blobs,
  from: Iterable<Digest>,
  known: ReadonlySet<Digest>,
): Promise<Set<Digest>> {
  const seen = new Set<Digest>();
  const queue = [...from];
  for (let digest = queue.pop(); digest !== undefined; digest = queue.pop()) {
    if (seen.has(digest) || !known.has(digest)) continue;
    seen.add(digest);
    queue.push(...(await namedBy(blobs, digest)));
  }
  return seen;
}

async function namedBy(blobs: Blobs, digest: Digest): Promise<Digest[]> {
  const path = await blobs.localPath(digest).catch(() => undefined);
  if (path === undefined || !(await isDocument(path))) return [];
  const text = new TextDecoder().decode(await blobs.get(digest));
  return (text.match(DIGEST) ?? []) as Digest[];
}

async function isDocument(path: string): Promise<boolean> {
  const { size } = await stat(path);
  if (size === 0 || size > LARGEST_DOCUMENT) return false;
  const file = await open(path);
  try {
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, 0);
    return JSON_BEGINS.has(buffer.toString("latin1"));
  } finally {
    await file.close();
  }
}
