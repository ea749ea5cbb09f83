import { MillwrightError } from "../../errors.ts";
import type { Digest } from "../../lib/digest.ts";
import type { Sql } from "../../storage/sql/sql.ts";
import type { FeedbackRecord } from "../prediction.ts";
import type { ProfiledHead, SegmentRange, ShippedSegment, Volume } from "../segment.ts";
import type { Erasures } from "./erasure.ts";
import type { TrafficHead } from "./traffic-profile.ts";

/** Shared by those who add segments, held alone by who erases. */
const ERASURE_LOCK = 6_245_990_032;

export type LogStore = ReturnType<typeof logStore>;

/** A profile in a segment. */
export interface KeptProfile extends ProfiledHead {
  readonly segment: string;
  /** Blob; `position` says which of its profiles. */
  readonly profile: Digest;
  readonly position: number;
}

/** A segment as those see it who rewrite it. */
export interface KeptSegment {
  readonly id: string;
  readonly data: Digest;
  readonly rows: number;
  readonly ranges: readonly (SegmentRange & {
    readonly model: string;
    readonly firstAt: number;
    readonly lastAt: number;
  })[];
}

/** All SQL of the prediction log. */
export function logStore(sql: Sql) {
  return {
    async isShipped(segment: string): Promise<boolean> {
      const rows = await sql.query("select 1 from millwright.prediction_segment where id = $1", [
        segment,
      ]);
      return rows.length > 0;
    },

    /** Everything that came out of one journal segment, at once. The same segment again changes nothing. */
    async addSegment(
      segment: ShippedSegment,
      feedback: readonly FeedbackRecord[],
      { volumes, erasures }: { readonly volumes: readonly Volume[]; readonly erasures: Erasures },
    ): Promise<void> {
      await sql.transact(async (tx) => {
        await tx.query("select pg_advisory_xact_lock_shared($1)", [ERASURE_LOCK]);
        if (stampOf(await readErasures(tx)) !== stampOf(erasures))
          throw new MillwrightError(
            "conflict",
            "Somebody was erased from the prediction log while this segment was read. It is shipped again.",
          );
        if (!(await insertSegment(tx, segment, feedback.length))) return;
        await addVolumes(tx, volumes);
        await tx.query(
          `insert into millwright.feedback as known (model, prediction_id, at, label)
           select * from unnest($1::text[], $2::text[], $3::float8[], $4::jsonb[])
           on conflict (model, prediction_id) do update set at = excluded.at, label = excluded.label
           where excluded.at >= known.at`,
          [
            feedback.map((record) => record.model),
            feedback.map((record) => record.id),
            feedback.map((record) => record.at),
            feedback.map((record) => JSON.stringify(record.label)),
          ],
        );
      });
    },

    /**
     * Puts `made` (nothing: no row was left) in the place of others, at once; their files become garbage. False, and nothing
     * happens, when somebody else has replaced one of them.
     */
    async replaceSegments(
      ids: readonly string[],
      made: ShippedSegment | undefined,
    ): Promise<boolean> {
      return sql.transact(async (tx) => {
        const old = await tx.query<{ data: Digest | null; profile: Digest | null }>(
          `select data, profile from millwright.prediction_segment
           where id = any($1::text[]) and replaced_at is null order by id for update`,
          [ids],
        );
        if (old.length !== ids.length) return false;
        await addGarbage(
          tx,
          old.flatMap(({ data, profile }) => [data ?? [], profile ?? []].flat()),
        );
        await tx.query(
          `update millwright.prediction_segment
           set data = null, profile = null, rows = 0, replaced_at = now() where id = any($1::text[])`,
          [ids],
        );
        for (const table of ["prediction_range", "prediction_profile"])
          await tx.query(`delete from millwright.${table} where segment = any($1::text[])`, [ids]);
        if (made !== undefined) await insertSegment(tx, made, 0);
        return true;
      });
    },

    /** Digest and size of the files that could be joined with others or hold expired rows: every segment with data, oldest first. */
    async segments(): Promise<KeptSegment[]> {
      const rows = await sql.query<KeptSegment["ranges"][number] & { total: number }>(
        `select segment, data, s.rows as total, model, from_row as "from", to_row as "to",
           first_event as "firstEvent", last_event as "lastEvent", first_at as "firstAt", last_at as "lastAt"
         from millwright.prediction_segment s join millwright.prediction_range on id = segment
         order by min(first_at) over (partition by segment), segment, from_row`,
      );
      const segments = new Map<string, { -readonly [K in keyof KeptSegment]: KeptSegment[K] }>();
      for (const { total, ...range } of rows) {
        const known = segments.get(range.segment) ?? {
          ...{ id: range.segment, data: range.data, rows: total, ranges: [] },
        };
        known.ranges = [...known.ranges, range];
        segments.set(range.segment, known);
      }
      return [...segments.values()];
    },

    /** Files that are of no use unless a segment comes to refer to them. */
    async addGarbage(digests: readonly Digest[]): Promise<void> {
      await addGarbage(sql, digests);
    },

    /**
     * Hands files that nothing refers to since before `until` (milliseconds since 1970) to `remove`, and forgets them. Whoever would
     * refer to one of them waits meanwhile, and is then refused.
     */
    async sweepGarbage(until: number, remove: (digest: Digest) => Promise<void>): Promise<number> {
      const rows = await sql.query<{ digest: Digest }>(
        "select digest from millwright.prediction_garbage where since < $1",
        [new Date(until)],
      );
      let swept = 0;
      for (const { digest } of rows)
        await sql.transact(async (tx) => {
          const gone = await tx.query(
            "delete from millwright.prediction_garbage where digest = $1 and since < $2 returning 1",
            [digest, new Date(until)],
          );
          if (gone.length === 0) return;
          await remove(digest);
          swept += 1;
        });
      return swept;
    },

    erasures: (): Promise<Erasures> => readErasures(sql),

    /** From here on no segment is added that was read without knowing of it. */
    async addErasure(model: string, key: Digest, at: number): Promise<void> {
      await sql.transact(async (tx) => {
        await tx.query("select pg_advisory_xact_lock($1)", [ERASURE_LOCK]);
        await tx.query(
          `insert into millwright.prediction_erasure as known (model, key_digest, at) values ($1, $2, $3)
           on conflict (model, key_digest) do update set at = greatest(known.at, excluded.at)`,
          [model, key, at],
        );
      });
    },

    async removeFeedback(model: string, ids: readonly string[]): Promise<void> {
      await sql.query(
        "delete from millwright.feedback where model = $1 and prediction_id = any($2::text[])",
        [model, ids],
      );
    },

    /** Feedback and volumes of before `before` (milliseconds since 1970). @returns how much feedback went. */
    async expire(model: string, before: number, firstId: string): Promise<number> {
      const gone = await sql.query(
        `delete from millwright.feedback where model = $1 and prediction_id < $2 returning 1`,
        [model, firstId],
      );
      await sql.query(
        "delete from millwright.prediction_volume where model = $1 and hour < $2::float8 - 3600000",
        [model, before],
      );
      return gone.length;
    },

    /** Feedback not looked for yet, and that with an id after `late` which was looked for in vain, in order of id. */
    async unmatched(limit: number, late: string): Promise<{ model: string; id: string }[]> {
      return sql.query(
        `select model, prediction_id as id from millwright.feedback
         where matched is null or (matched = false and prediction_id > $2) order by prediction_id limit $1`,
        [limit, late],
      );
    },

    async setMatched(model: string, ids: readonly string[], matched: boolean): Promise<void> {
      await sql.query(
        `update millwright.feedback set matched = $3
         where model = $1 and prediction_id = any($2::text[]) and matched is distinct from $3`,
        [model, ids, matched],
      );
    },

    /** How much feedback of a model was looked for and belongs to no prediction that is kept. */
    async countUnmatched(model: string): Promise<number> {
      const [row] = await sql.query<{ n: number }>(
        "select count(*) as n from millwright.feedback where model = $1 and matched = false",
        [model],
      );
      return row!.n;
    },

    /** Of `ids`, those shipped. */
    async shippedAmong(ids: readonly string[]): Promise<Set<string>> {
      const rows = await sql.query<{ id: string }>(
        "select id from millwright.prediction_segment where id = any($1::text[])",
        [ids],
      );
      return new Set(rows.map((row) => row.id));
    },

    /** Where a model's shipped rows lie that may have an event time in `from..to` (milliseconds since 1970, `to` excluded). */
    async ranges(model: string, from: number, to: number): Promise<SegmentRange[]> {
      return sql.query<SegmentRange>(
        `select segment, data, from_row as "from", to_row as "to",
           first_event as "firstEvent", last_event as "lastEvent"
         from millwright.prediction_range join millwright.prediction_segment on id = segment
         where model = $1 and last_event >= $2 and first_event < $3
         order by shipped_at, segment`,
        [model, from, to],
      );
    },

    /** Where a model's shipped rows lie that may have arrived in `from..to` (milliseconds since 1970, both included). */
    async rangesByArrival(model: string, from: number, to: number): Promise<SegmentRange[]> {
      return sql.query<SegmentRange>(
        `select segment, data, from_row as "from", to_row as "to",
           first_event as "firstEvent", last_event as "lastEvent"
         from millwright.prediction_range join millwright.prediction_segment on id = segment
         where model = $1 and last_at >= $2 and first_at <= $3
         order by first_at, segment`,
        [model, from, to],
      );
    },

    /** Profiles that may have an event time in `from..to` (milliseconds since 1970, `to` excluded). */
    async profiles(model: string, from: number, to: number): Promise<KeptProfile[]> {
      return sql.query<KeptProfile>(
        `select segment, p.model, version, variant, position, p.rows, profile,
           first_event as "firstEvent", last_event as "lastEvent"
         from millwright.prediction_profile p join millwright.prediction_segment on id = segment
         where p.model = $1 and last_event >= $2 and first_event < $3
         order by shipped_at, segment, position`,
        [model, from, to],
      );
    },

    /** By hour of arrival, oldest first; of every model when none is named. Milliseconds since 1970, `to` excluded. */
    async volumes(model: string | undefined, from: number, to: number): Promise<Volume[]> {
      return sql.query<Volume>(
        `select model, hour, version, variant, rows, abstained, latency_ms as "latencyMs"
         from millwright.prediction_volume
         where ($1::text is null or model = $1) and hour >= $2 and hour < $3
         order by hour, model, version, variant`,
        [model ?? null, from, to],
      );
    },

    /** Predictions whose shipped feedback is of `from..to` (milliseconds since 1970, `to` excluded), in order of id. */
    async idsWithTruth(model: string, from: number, to: number): Promise<string[]> {
      const rows = await sql.query<{ id: string }>(
        `select prediction_id as id from millwright.feedback
         where model = $1 and at >= $2 and at < $3 order by prediction_id`,
        [model, from, to],
      );
      return rows.map(({ id }) => id);
    },

    /** Shipped feedback of a model for predictions with ids in `first..last` (ids sort by time). */
    async feedback(model: string, first: string, last: string): Promise<FeedbackRecord[]> {
      return sql.query<FeedbackRecord>(
        `select prediction_id as id, model, at, label from millwright.feedback
         where model = $1 and prediction_id >= $2 and prediction_id <= $3`,
        [model, first, last],
      );
    },
  };
}

async function readErasures(from: Sql): Promise<Erasures> {
  const rows = await from.query<{ model: string; key_digest: Digest; at: number }>(
    "select model, key_digest, at from millwright.prediction_erasure",
  );
  const erasures = new Map<string, Map<Digest, number>>();
  for (const { model, key_digest, at } of rows) {
    const own = erasures.get(model) ?? new Map();
    erasures.set(model, own.set(key_digest, at));
  }
  return erasures;
}

/** Differs when somebody was added, or asked again. */
const stampOf = (erasures: Erasures): string =>
  [...erasures.values()]
    .flatMap((own) => [...own].map(([key, at]) => `${key} ${at}`))
    .sort()
    .join("\n");

async function addGarbage(to: Sql, digests: readonly Digest[]): Promise<void> {
  await to.query(
    `insert into millwright.prediction_garbage (digest) select unnest($1::text[])
     on conflict (digest) do update set since = now()`,
    [[...new Set(digests)]],
  );
}

async function insertSegment(tx: Sql, segment: ShippedSegment, feedback: number): Promise<boolean> {
  const added = await tx.query(
    `insert into millwright.prediction_segment (id, data, profile, rows, feedback)
     values ($1, $2, $3, $4, $5) on conflict (id) do nothing returning id`,
    [segment.id, segment.data ?? null, segment.profile ?? null, segment.rows, feedback],
  );
  if (added.length === 0) return false;
  const { id, ranges, heads } = segment;
  const digests = [segment.data ?? [], segment.profile ?? []].flat();
  const there = await tx.query(
    "delete from millwright.prediction_garbage where digest = any($1::text[]) returning 1",
    [digests],
  );
  if (there.length !== digests.length)
    throw new MillwrightError(
      "conflict",
      `The files of segment ${id} were deleted as unused before it was finished. It is made again.`,
    );
  await tx.query(
    `insert into millwright.prediction_range
       (segment, model, from_row, to_row, first_event, last_event, first_at, last_at)
     select $1, * from unnest($2::text[], $3::int[], $4::int[], $5::float8[], $6::float8[], $7::float8[], $8::float8[])`,
    [
      id,
      ranges.map((range) => range.model),
      ranges.map((range) => range.from),
      ranges.map((range) => range.to),
      ranges.map((range) => range.firstEvent),
      ranges.map((range) => range.lastEvent),
      ranges.map((range) => range.firstAt),
      ranges.map((range) => range.lastAt),
    ],
  );
  await tx.query(
    `insert into millwright.prediction_profile
       (segment, model, version, variant, position, rows, first_event, last_event)
     select $1, * from unnest($2::text[], $3::text[], $4::text[], $5::int[], $6::int[], $7::float8[], $8::float8[])`,
    [
      id,
      heads.map((head) => head.model),
      heads.map((head) => head.version),
      heads.map((head) => head.variant),
      heads.map((_, position) => position),
      heads.map((head) => head.rows),
      heads.map((head) => head.firstEvent),
      heads.map((head) => head.lastEvent),
    ],
  );
  return true;
}

async function addVolumes(tx: Sql, volumes: readonly Volume[]): Promise<void> {
  // In one order: two shippers that add to the same hours must not wait for each other in a circle.
  const name = (v: TrafficHead & { hour: number }) =>
    `${v.model}\n${v.hour}\n${v.version}\n${v.variant}`;
  const sorted = [...volumes].sort((a, b) => (name(a) < name(b) ? -1 : 1));
  await tx.query(
    `insert into millwright.prediction_volume as known (model, hour, version, variant, rows, abstained, latency_ms)
     select * from unnest($1::text[], $2::float8[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::float8[])
     on conflict (model, hour, version, variant) do update set rows = known.rows + excluded.rows,
       abstained = known.abstained + excluded.abstained, latency_ms = known.latency_ms + excluded.latency_ms`,
    [
      sorted.map((volume) => volume.model),
      sorted.map((volume) => volume.hour),
      sorted.map((volume) => volume.version),
      sorted.map((volume) => volume.variant),
      sorted.map((volume) => volume.rows),
      sorted.map((volume) => volume.abstained),
      sorted.map((volume) => volume.latencyMs),
    ],
  );
}
