import type { Digest } from "../lib/digest.ts";
import type { Sql } from "../storage/sql/sql.ts";
import type { FamilyMember, FamilyVersion, MemberQuery, MemberWatch } from "./members.ts";

export type FamilyStore = ReturnType<typeof familyStore>;

/** All SQL of families. */
export function familyStore(sql: Sql) {
  return {
    /** Keeps a training; one that was kept before, whose members stand again, becomes the newest. Numbers count up by family. @returns as it is kept. */
    async addVersion(version: Omit<FamilyVersion, "number">): Promise<FamilyVersion> {
      const { id, family, runId, dataset, code, champion, parent, createdAt, ...body } = version;
      await sql.query("select pg_advisory_xact_lock(hashtext('family:' || $1))", [family]);
      await sql.query(
        `insert into millwright.family_version
           (id, family, number, run_id, dataset, code, champion, parent, body, created_at)
         select $1, $2, 1 + coalesce(max(number), 0), $3, $4, $5, $6, $7, $8::jsonb, to_timestamp($9::float8 / 1000)
         from millwright.family_version where family = $2
         on conflict (id) do update set created_at = excluded.created_at`,
        [
          ...[id, family, runId, dataset, code, champion, parent ?? null],
          ...[JSON.stringify(body), createdAt],
        ],
      );
      return (await this.version(id))!;
    },

    async version(id: Digest): Promise<FamilyVersion | undefined> {
      const [row] = await sql.query<VersionRow>(`${VERSION} where id = $1`, [id]);
      return row && versionOf(row);
    },

    /** Newest first. */
    async versions(family: string, limit = 100): Promise<FamilyVersion[]> {
      const rows = await sql.query<VersionRow>(
        `${VERSION} where family = $1 order by created_at desc, number desc limit $2`,
        [family, limit],
      );
      return rows.map(versionOf);
    },

    /** The newest training of all members. */
    async newestWhole(family: string): Promise<FamilyVersion | undefined> {
      const [row] = await sql.query<VersionRow>(
        `${VERSION} where family = $1 and parent is null order by created_at desc, number desc limit 1`,
        [family],
      );
      return row && versionOf(row);
    },

    async families(): Promise<string[]> {
      const rows = await sql.query<{ family: string }>(
        "select distinct family from millwright.family_version order by family",
      );
      return rows.map(({ family }) => family);
    },

    /** As they are now, of all levels or of one; a page of those that match. */
    async members(family: string, query: MemberQuery = {}): Promise<FamilyMember[]> {
      const { order = "name", limit = 100_000, offset = 0 } = query;
      const rows = await sql.query<MemberRow>(
        `select *, (extract(epoch from trained_at) * 1000)::float8 as trained_ms
         from millwright.family_member where ${MATCHES}
         order by ${ORDERS[order]} limit $6 offset $7`,
        [...matching(family, query), limit, offset],
      );
      return rows.map(memberOf);
    },

    /** How many match, whatever the page. */
    async countMembers(family: string, query: MemberQuery = {}): Promise<number> {
      const [row] = await sql.query<{ members: number }>(
        `select count(*)::int as members from millwright.family_member where ${MATCHES}`,
        matching(family, query),
      );
      return row!.members;
    },

    /** All of a level by name, with little of each. */
    async fleet(family: string, level: number): Promise<FleetMember[]> {
      return sql.query<FleetMember>(
        `select name, key as values, stands, rows, loss, parent_loss as "parentLoss",
           coalesce((watched->>'failing')::boolean, false) as failing
         from millwright.family_member where family = $1 and level = $2 order by name`,
        [family, level],
      );
    },

    async member(family: string, name: string): Promise<FamilyMember | undefined> {
      const [row] = await sql.query<MemberRow>(
        `select *, (extract(epoch from trained_at) * 1000)::float8 as trained_ms
         from millwright.family_member where family = $1 and name = $2`,
        [family, name],
      );
      return row && memberOf(row);
    },

    /** The member of that model name, of whatever family. */
    async memberNamed(
      name: string,
    ): Promise<{ readonly family: string; readonly member: FamilyMember } | undefined> {
      const [row] = await sql.query<MemberRow & { readonly family: string }>(
        `select *, (extract(epoch from trained_at) * 1000)::float8 as trained_ms
         from millwright.family_member where name = $1 limit 1`,
        [name],
      );
      return row && { family: row.family, member: memberOf(row) };
    },

    /** Figures of the members as they are now, by level. */
    async figures(family: string): Promise<LevelFigures[]> {
      return sql.query<LevelFigures>(
        `select level::int, count(*)::int as members, count(*) filter (where stands)::int as standing,
           count(*) filter (where (watched->>'failing')::boolean)::int as failing,
           coalesce(sum(rows), 0)::float8 as rows, coalesce(sum(test_rows), 0)::float8 as "testRows",
           coalesce(sum(bytes), 0)::float8 as bytes, max((watched->>'at')::float8) as "watchedAt",
           (sum(loss * test_rows) / nullif(sum(test_rows), 0))::float8 as loss,
           (sum(parent_loss * test_rows) / nullif(sum(test_rows), 0))::float8 as "parentLoss"
         from millwright.family_member where family = $1 group by level order by level`,
        [family],
      );
    },

    /** How many members of a level chose which candidate. */
    async candidates(
      family: string,
    ): Promise<{ level: number; candidate: string; stands: boolean; members: number }[]> {
      return sql.query(
        `select level::int, candidate, stands, count(*)::int as members
         from millwright.family_member where family = $1
         group by level, candidate, stands order by level, members desc, candidate`,
        [family],
      );
    },

    /** Puts members in place of those of the same names. */
    async putMembers(family: string, members: readonly FamilyMember[]): Promise<void> {
      await sql.query(
        `insert into millwright.family_member
           (family, name, level, key, stands, rows, test_rows, candidate, loss, parent_loss,
            reference, q, reason, version, bytes, tried, training, trained_at, watched)
         select $1, m->>'name', (m->>'level')::int, m->'values', (m->>'stands')::boolean,
           (m->>'rows')::int, (m->>'testRows')::int, m->>'candidate', (m->>'loss')::float8,
           (m->>'parentLoss')::float8, m->'reference', (m->>'q')::float8, m->>'reason',
           m->'version', (m->>'bytes')::int, m->'tried', m->>'training',
           to_timestamp((m->>'trainedAt')::float8 / 1000), nullif(m->'watched', 'null'::jsonb)
         from jsonb_array_elements($2::jsonb) m
         on conflict (family, name) do update set
           level = excluded.level, key = excluded.key, stands = excluded.stands, rows = excluded.rows,
           test_rows = excluded.test_rows, candidate = excluded.candidate, loss = excluded.loss,
           parent_loss = excluded.parent_loss, reference = excluded.reference, q = excluded.q,
           reason = excluded.reason, version = excluded.version, bytes = excluded.bytes,
           tried = excluded.tried, training = excluded.training, trained_at = excluded.trained_at,
           watched = excluded.watched`,
        [family, JSON.stringify(members)],
      );
    },

    /** Members that are in the data no more. */
    async removeMembersBut(family: string, names: readonly string[]): Promise<string[]> {
      const rows = await sql.query<{ name: string }>(
        `delete from millwright.family_member
         where family = $1 and not name = any($2::text[]) returning name`,
        [family, names],
      );
      return rows.map(({ name }) => name);
    },

    async putWatched(family: string, watched: readonly MemberWatch[]): Promise<void> {
      await sql.query(
        `update millwright.family_member member set watched = w.value - 'name'
         from jsonb_array_elements($2::jsonb) w
         where member.family = $1 and member.name = w.value->>'name'`,
        [family, JSON.stringify(watched)],
      );
    },
  };
}

export interface LevelFigures {
  readonly level: number;
  readonly members: number;
  readonly standing: number;
  readonly failing: number;
  readonly rows: number;
  readonly testRows: number;
  /** Of the models' files. */
  readonly bytes: number;
  /** End of the newest window they were watched in, milliseconds since 1970. */
  readonly watchedAt: number | null;
  /** Mean over the members' test rows, of what answers and of the parents. null without test rows. */
  readonly loss: number | null;
  readonly parentLoss: number | null;
}

const MATCHES = `family = $1
  and ($2::int is null or level = $2) and ($3::boolean is null or stands = $3)
  and ($4::boolean is null or coalesce((watched->>'failing')::boolean, false) = $4)
  and ($5::text is null or strpos(lower(name || ' ' || key::text), lower($5)) > 0)`;

const matching = (family: string, { level, stands, failing, search }: MemberQuery) => [
  ...[family, level ?? null, stands ?? null, failing ?? null, search ?? null],
];

export type FleetMember = Pick<
  FamilyMember,
  "name" | "values" | "stands" | "rows" | "loss" | "parentLoss"
> & { readonly failing: boolean };

const VERSION =
  "select *, (extract(epoch from created_at) * 1000)::float8 as created_ms from millwright.family_version";

const ORDERS: Readonly<Record<NonNullable<MemberQuery["order"]>, string>> = {
  name: "level, name",
  gain: "((parent_loss - loss) * test_rows) desc nulls last, name",
  rows: "rows desc, name",
  loss: "loss desc nulls last, name",
};

interface VersionRow {
  readonly id: Digest;
  readonly family: string;
  readonly number: number;
  readonly run_id: string;
  readonly dataset: Digest;
  readonly code: Digest;
  readonly champion: Digest;
  readonly parent: Digest | null;
  readonly body: Pick<
    FamilyVersion,
    "levels" | "enough" | "files" | "results" | "summary" | "environment"
  >;
  readonly created_ms: number;
}

const versionOf = (row: VersionRow): FamilyVersion => ({
  ...{ id: row.id, family: row.family, number: row.number, runId: row.run_id },
  ...{ dataset: row.dataset, code: row.code, champion: row.champion },
  ...(row.parent === null ? {} : { parent: row.parent }),
  ...row.body,
  createdAt: row.created_ms,
});

interface MemberRow {
  readonly name: string;
  readonly level: number;
  readonly key: readonly string[];
  readonly stands: boolean;
  readonly rows: number;
  readonly test_rows: number;
  readonly candidate: string;
  readonly loss: number | null;
  readonly parent_loss: number | null;
  readonly reference: FamilyMember["reference"];
  readonly q: number | null;
  readonly reason: string | null;
  readonly version: FamilyMember["version"];
  readonly bytes: number | null;
  readonly tried: Readonly<Record<string, number>>;
  readonly training: Digest;
  readonly trained_ms: number;
  readonly watched: FamilyMember["watched"];
}

const memberOf = (row: MemberRow): FamilyMember => ({
  ...{ name: row.name, level: row.level, values: row.key, stands: row.stands },
  ...{ rows: row.rows, testRows: row.test_rows, candidate: row.candidate },
  ...{ loss: row.loss, parentLoss: row.parent_loss, reference: row.reference },
  ...{ q: row.q, reason: row.reason, version: row.version, bytes: row.bytes },
  ...{ tried: row.tried, training: row.training, trainedAt: row.trained_ms, watched: row.watched },
});
