import type { Digest } from "../lib/digest.ts";
import type { Piece } from "../storage/columns/columns.ts";
import type { Sql } from "../storage/sql/sql.ts";
import type { ForwardedRow, Forwarding } from "./forwarding.ts";
import type { AnsweredBy } from "./pinned-family.ts";
import type { ScoredPart } from "./score-part.ts";

export interface Part {
  readonly part: number;
  readonly piece: Piece;
  /** undefined: not scored yet. */
  readonly scored: ScoredPart | undefined;
}

export interface BatchCounts {
  readonly parts: number;
  readonly finished: number;
  readonly rows: number;
  readonly rejected: number;
}

export type ScoringStore = ReturnType<typeof scoringStore>;

/** All SQL of batch scoring. */
export function scoringStore(sql: Sql) {
  return {
    /** Undefined for a batch never planned. Says that it is in use. */
    async useBatch(batch: Digest): Promise<{ readonly parts: number } | undefined> {
      const [row] = await sql.query<{ parts: number }>(
        "update millwright.score_batch set used_at = now() where id = $1 returning parts",
        [batch],
      );
      return row;
    },

    /** A batch that is known already stays as it is. */
    async addBatch(
      batch: Digest,
      about: { readonly model: string; readonly version: Digest },
      pieces: readonly Piece[],
    ): Promise<void> {
      await sql.transact(async (tx) => {
        const added = await tx.query(
          `insert into millwright.score_batch (id, model, version, parts) values ($1, $2, $3, $4)
           on conflict (id) do nothing returning id`,
          [batch, about.model, about.version, pieces.length],
        );
        if (added.length === 0) return;
        await tx.query(
          `insert into millwright.score_part (batch, part, piece)
           select $1, place - 1, piece from unnest($2::jsonb[]) with ordinality as given (piece, place)`,
          [batch, pieces.map((piece) => JSON.stringify(piece))],
        );
      });
    },

    /** In the order of the source. */
    async parts(batch: Digest): Promise<Part[]> {
      const rows = await sql.query<PartRow>(
        `select part, piece, data, rejected_data, rows, rejected, answered, finished_at is not null as finished
         from millwright.score_part where batch = $1 order by part`,
        [batch],
      );
      return rows.map(partOf);
    },

    async counts(batch: Digest): Promise<BatchCounts> {
      const [row] = await sql.query<BatchCounts>(
        `select count(*) as parts, count(finished_at) as finished,
           coalesce(sum(rows), 0)::float8 as rows, coalesce(sum(rejected), 0)::float8 as rejected
         from millwright.score_part where batch = $1`,
        [batch],
      );
      return row!;
    },

    /** Takes the first free part for a run; undefined when none is free. */
    async claim(batch: Digest, runner: string): Promise<Part | undefined> {
      const [row] = await sql.query<PartRow>(
        `update millwright.score_part set runner = $2 where batch = $1 and part = (
           select part from millwright.score_part
           where batch = $1 and finished_at is null and runner is null
           order by part limit 1 for update skip locked)
         returning part, piece, false as finished`,
        [batch, runner],
      );
      return row && partOf(row);
    },

    /** Takes every free part at once: for a source that only one can read. */
    async claimAll(batch: Digest, runner: string): Promise<Part[]> {
      const rows = await sql.query<PartRow>(
        `update millwright.score_part set runner = $2
         where batch = $1 and finished_at is null and runner is null
         returning part, piece, false as finished`,
        [batch, runner],
      );
      return rows.map(partOf).sort((a, b) => a.part - b.part);
    },

    /** Runs that have taken parts and not finished them. */
    async holders(batch: Digest): Promise<string[]> {
      const rows = await sql.query<{ runner: string }>(
        `select distinct runner from millwright.score_part
         where batch = $1 and finished_at is null and runner is not null`,
        [batch],
      );
      return rows.map(({ runner }) => runner);
    },

    /** What a run has taken and not finished is free again. */
    async release(batch: Digest, runner: string): Promise<void> {
      await sql.query(
        "update millwright.score_part set runner = null where batch = $1 and runner = $2 and finished_at is null",
        [batch, runner],
      );
    },

    /** The first result of a part counts. */
    async finish(batch: Digest, part: number, scored: ScoredPart): Promise<void> {
      await sql.query(
        `update millwright.score_part
         set data = $3, rejected_data = $4, rows = $5, rejected = $6, answered = $7, finished_at = now()
         where batch = $1 and part = $2 and finished_at is null`,
        [
          ...[batch, part, scored.data, scored.rejectedData, scored.rows, scored.rejected],
          scored.answered === undefined ? null : JSON.stringify(scored.answered),
        ],
      );
    },

    /** Forgets batches not used for so long; gives back the blobs that nothing else of ours needs any more. */
    async forgetBatches(unusedForMs: number): Promise<Digest[]> {
      return sql.transact(async (tx) => {
        const gone = await tx.query<{ blob: Digest }>(
          `with old as (
             delete from millwright.score_batch
             where used_at < now() - $1 * interval '1 millisecond' returning id)
           select unnest(array[data, rejected_data]) as blob
           from millwright.score_part where batch in (select id from old)`,
          [unusedForMs],
        );
        const blobs = gone.flatMap(({ blob }) => blob ?? []);
        if (blobs.length === 0) return [];
        const needed = await tx.query<{ blob: Digest }>(
          `select unnest(array[data, rejected_data]) as blob from millwright.score_part
           where data = any($1::text[]) or rejected_data = any($1::text[])`,
          [blobs],
        );
        const kept = new Set(needed.map(({ blob }) => blob));
        return blobs.filter((blob) => !kept.has(blob));
      });
    },

    /** One forwarding at a time for a model and destination: call inside a transaction, before the others. */
    async lockForwarding({ model, destination }: Forwarding): Promise<void> {
      await sql.query("select pg_advisory_xact_lock(hashtextextended($1, 0))", [
        JSON.stringify(["millwright.forwarded_row", model, destination]),
      ]);
    },

    /** How many rows a period has paid for already. */
    async forwardedIn({ model, destination, period }: Forwarding): Promise<number> {
      const [row] = await sql.query<{ count: number }>(
        `select count(*) as count from millwright.forwarded_row
         where model = $1 and destination = $2 and period = to_timestamp($3 / 1000.0)`,
        [model, destination, period],
      );
      return row!.count;
    },

    /** Of these rows, those that were handed on for this version before. */
    async forwardedAmong(
      { model, version }: Forwarding,
      rowIds: readonly string[],
    ): Promise<Set<string>> {
      const rows = await sql.query<{ row_id: string }>(
        `select row_id from millwright.forwarded_row
         where model = $1 and version = $2 and row_id = any($3::text[])`,
        [model, version, rowIds],
      );
      return new Set(rows.map((row) => row.row_id));
    },

    async forward(to: Forwarding, run: string, rows: readonly ForwardedRow[]): Promise<void> {
      await sql.query(
        `insert into millwright.forwarded_row
           (model, version, destination, period, run, row_id, score, place)
         select $1, $2, $3, to_timestamp($4 / 1000.0), $5, * from unnest($6::text[], $7::float8[], $8::int[])`,
        [
          ...[to.model, to.version, to.destination, to.period, run],
          rows.map((row) => row.rowId),
          rows.map((row) => row.score),
          rows.map((row) => row.place),
        ],
      );
    },

    /** What a run has handed on, the highest score first; ties in the order of the source. */
    async forwardedBy(run: string): Promise<ForwardedRow[]> {
      return sql.query<ForwardedRow>(
        `select row_id as "rowId", score, place from millwright.forwarded_row
         where run = $1 order by score desc, place`,
        [run],
      );
    },
  };
}

interface PartRow {
  readonly part: number;
  readonly piece: Piece;
  readonly data?: Digest | null;
  readonly rejected_data?: Digest | null;
  readonly rows?: number;
  readonly rejected?: number;
  readonly answered?: AnsweredBy | null;
  readonly finished: boolean;
}

const partOf = (row: PartRow): Part => ({
  part: row.part,
  piece: row.piece,
  scored: row.finished
    ? {
        data: row.data ?? null,
        rejectedData: row.rejected_data ?? null,
        rows: row.rows ?? 0,
        rejected: row.rejected ?? 0,
        ...(row.answered ? { answered: row.answered } : {}),
      }
    : undefined,
});
