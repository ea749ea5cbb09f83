import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { MillwrightError } from "../../errors.ts";
import type { Digest } from "../../lib/digest.ts";
import type { Blobs } from "../blobs/blobs.ts";
import type { Sql } from "../sql/sql.ts";
import { artifactPath, folderOf, foldersAbove, isFile, isFolder, nameOf } from "./artifact-path.ts";
import type { ArtifactEntry, Artifacts, Removed } from "./artifacts.ts";
import { openHandle } from "./open-handle.ts";

interface Row {
  readonly path: string;
  readonly digest: Digest | null;
  readonly bytes: number | null;
}

/** Content in blobs, of which equal files share one; paths in the table `artifact`. */
export function indexedArtifacts(parts: { readonly sql: Sql; readonly blobs: Blobs }): Artifacts {
  const { sql, blobs } = parts;

  const find = async (path: string): Promise<Row | undefined> => {
    const [row] = await sql.query<Row>(
      "select path, digest, bytes from millwright.artifact where key = $1",
      [keyOf(path)],
    );
    return row;
  };

  return {
    async write(given, content) {
      const path = filePath(given);
      // Before a gigabyte has come, and again when it is entered.
      await refuse(sql, path);
      let bytes = 0;
      const counted = async function* () {
        for await (const chunk of content) {
          bytes += chunk.length;
          yield chunk;
        }
      };
      const digest = await blobs.putStream(counted());
      await sql.transact((tx) => enter(tx, path, digest, bytes));
      return bytes;
    },

    async open(given) {
      const path = artifactPath(given);
      for (let attempt = 1; ; attempt++) {
        const row = await find(path);
        if (!row?.digest) return undefined;
        try {
          return await openHandle(await open(await blobs.localPath(row.digest), "r"), row.bytes!);
        } catch (error) {
          // It was replaced in this moment, and what it had been was deleted.
          if (attempt === 3 || (await find(path))?.digest === row.digest) throw error;
        }
      }
    },

    async list(given, { after, limit } = {}) {
      const folder = artifactPath(given);
      const rows = await sql.query<Row>(
        `select path, digest, bytes from millwright.artifact where parent = $1 and key > $2
         order by key limit $3`,
        [
          keyOf(folder),
          after === undefined ? "" : keyOf(folder === "" ? after : `${folder}/${after}`),
          limit ?? null,
        ],
      );
      return rows.map(
        (row): ArtifactEntry => ({
          name: nameOf(row.path),
          bytes: row.digest === null ? undefined : row.bytes!,
        }),
      );
    },

    remove: (path) =>
      sql.transact(async (tx) => {
        const key = keyOf(filePath(path));
        // Who writes into a folder holds its rows, so that nobody takes them away meanwhile; the top one comes first.
        await tx.query("select 1 from millwright.artifact where key = $1 for update", [key]);
        return sum(
          await tx.query<Row>(
            `${BELOW} delete from millwright.artifact where key in (select key from below)
             returning path, digest, bytes`,
            [key],
          ),
        );
      }),

    measure: async (path) =>
      sum(
        await sql.query<Row>(
          `${BELOW} select path, digest, bytes from millwright.artifact join below using (key)`,
          [keyOf(artifactPath(path))],
        ),
      ),
  };
}

/** Keys of a path and of all that lies below. */
const BELOW = `with recursive below (key) as (
  select $1::text collate "C"
  union all
  select child.key from millwright.artifact child join below on child.parent = below.key
)`;

function filePath(given: string): string {
  const path = artifactPath(given);
  if (path === "")
    throw new MillwrightError("invalid_input", "A file needs a path; this one is empty.");
  return path;
}

/** What cannot be written there. */
async function refuse(sql: Sql, path: string): Promise<void> {
  const above = foldersAbove(path);
  const rows = await sql.query<Row>(
    "select path, digest from millwright.artifact where key = any ($1::text[])",
    [[path, ...above].map(keyOf)],
  );
  for (const row of rows) {
    if (row.path === path && row.digest === null) throw isFolder(path);
    if (row.path !== path && row.digest !== null) throw isFile(row.path);
  }
}

async function enter(tx: Sql, path: string, digest: Digest, bytes: number): Promise<void> {
  // The outer folders first: whoever locks several does so in this order.
  const above = foldersAbove(path).reverse();
  for (let missing = above.length > 0; missing; ) {
    await tx.query(
      `insert into millwright.artifact (key, parent, path)
       select * from unnest($1::text[], $2::text[], $3::text[]) on conflict (key) do nothing`,
      [above.map(keyOf), above.map((folder) => keyOf(folderOf(folder))), above],
    );
    const kept = await tx.query<Row>(
      `select path, digest from millwright.artifact where key = any ($1::text[])
       order by length(path) for key share`,
      [above.map(keyOf)],
    );
    const file = kept.find((row) => row.digest !== null);
    if (file) throw isFile(file.path);
    missing = kept.length < above.length;
  }
  const entered = await tx.query(
    `insert into millwright.artifact as known (key, parent, path, digest, bytes)
     values ($1, $2, $3, $4, $5)
     on conflict (key) do update set digest = excluded.digest, bytes = excluded.bytes, created_at = now()
     where known.digest is not null returning 1`,
    [keyOf(path), keyOf(folderOf(path)), path, digest, bytes],
  );
  if (entered.length === 0) throw isFolder(path);
}

const KEY_BYTES = 1000;

/** Of a long path its beginning and its digest: longer than every short path's, so never the same as one. */
function keyOf(path: string): string {
  const bytes = Buffer.from(path);
  if (bytes.length <= KEY_BYTES) return path;
  // Up to the end of a character: bytes 10xxxxxx go on with one.
  let end = KEY_BYTES;
  while ((bytes[end]! & 0xc0) === 0x80) end += 1;
  return `${bytes.subarray(0, end)}${createHash("sha256").update(bytes).digest("hex")}`;
}

const sum = (rows: readonly Row[]): Removed => {
  const files = rows.filter((row) => row.digest !== null);
  return { files: files.length, bytes: files.reduce((total, row) => total + row.bytes!, 0) };
};
