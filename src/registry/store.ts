import { MillwrightError } from "../errors.ts";
import type { Digest } from "../lib/digest.ts";
import type { Sql } from "../storage/sql/sql.ts";
import type { AliasMove } from "./alias-move.ts";
import type { Alias, ListedVersion, ModelVersion } from "./model-version.ts";
import { ownLocation } from "./registered/registered-model.ts";
import { registeredStore } from "./registered/store.ts";
import { webhookStore } from "./webhooks/store.ts";

export interface RegistryStore {
  /**
   * Keeps the version; the same id again returns the one already kept. Numbers are given in order of arrival, per model, from
   * the line that versions registered by MLflow's clients are on, too. With a `number` it is what such a version is served by;
   * `conflict` when that number has another one, `not_found` when a client has deleted it meanwhile.
   */
  add(version: Omit<ModelVersion, "number">, number?: number): Promise<ModelVersion>;
  get(id: Digest): Promise<ModelVersion | undefined>;
  /** By number, alias or at least four hex digits of a digest; digits alone are a number. */
  find(model: string, name: string): Promise<ModelVersion | undefined>;
  /** The newest first. */
  versions(model: string): Promise<ListedVersion[]>;
  models(): Promise<string[]>;
  alias(model: string, alias: Alias): Promise<Digest | undefined>;
  /** Inside a transaction: until its end nobody else who asks for the same moves the model's aliases. Ask before you look. */
  lock(model: string): Promise<void>;
  move(move: AliasMove): Promise<void>;
  /** Newest first. */
  moves(model: string, alias?: Alias): Promise<AliasMove[]>;
}

interface VersionRow<V = ModelVersion> {
  readonly number: number;
  readonly body: Omit<V, "number">;
}

interface MoveRow {
  readonly model: string;
  readonly alias: Alias;
  readonly version: Digest | null;
  readonly previous: Digest | null;
  readonly reason: string;
  readonly verdict: AliasMove["verdict"] | null;
  readonly run_id: string | null;
  readonly at_ms: number;
}

const toVersion = <V>({ body, number }: VersionRow<V>): V => ({ ...body, number }) as V;
const VERSION = "select number, body from millwright.model_version";
/** Of versions that nobody has deleted. */
const SHOWN =
  "exists (select from millwright.registered_version r where r.version = model_version.id)";

export function registryStore(sql: Sql): RegistryStore {
  const store: RegistryStore = {
    add: (version, asked) =>
      sql.transact(async (tx) => {
        const { model, id, runId, createdAt } = version;
        const at = Math.round(createdAt);
        await tx.query("select pg_advisory_xact_lock(hashtext('model_version:' || $1))", [model]);
        const registered = registeredStore(tx);
        const show = async (number: number): Promise<void> => {
          const own = { model, number, version: id, runId, at };
          if (asked === undefined) return registered.showOwn(own);
          if (await registered.serveAs(own)) return;
          throw new MillwrightError(
            "not_found",
            `Version ${number} of ${model} has been deleted since it was registered. Register it again.`,
          );
        };
        const kept = await registryStore(tx).get(id);
        if (kept) {
          await show(kept.number);
          return kept;
        }
        const taken =
          asked !== undefined &&
          (await tx.query(`${VERSION} where model = $1 and number = $2`, [model, asked])).length >
            0;
        if (taken)
          throw new MillwrightError(
            "conflict",
            `Version ${asked} of ${model} is served by another model already.`,
          );
        const given =
          asked === undefined
            ? await registered.nextNumber(model, at)
            : { number: asked, made: false };
        const { number } = given;
        await tx.query(
          `insert into millwright.model_version (id, model, number, body, created_at)
           values ($1, $2, $3, $4, to_timestamp($5 / 1000.0))`,
          [id, model, number, JSON.stringify(version), createdAt],
        );
        await show(number);
        if (asked === undefined) {
          const { tell } = webhookStore(tx);
          const about = { name: model, tags: {}, description: null };
          if (given.made) await tell("REGISTERED_MODEL.CREATED", about, at);
          const source = ownLocation(model, number);
          const said = { ...about, version: String(number), source, run_id: runId ?? null };
          await tell("MODEL_VERSION.CREATED", said, at);
        }
        return { ...version, number };
      }),
    async get(id) {
      const rows = await sql.query<VersionRow>(`${VERSION} where id = $1`, [id]);
      return rows[0] && toVersion(rows[0]);
    },
    async find(model, name) {
      if (name === "champion" || name === "challenger") {
        const id = await store.alias(model, name);
        return id && store.get(id);
      }
      const number = /^v?(\d{1,9})$/.exec(name)?.[1];
      const digest = /^(?:sha256:)?([0-9a-f]{4,64})$/.exec(name)?.[1];
      if (number === undefined && digest === undefined) return undefined;
      const rows = await sql.query<VersionRow>(
        `${VERSION} where model = $1 and ${SHOWN} and ${number === undefined ? "starts_with(id, $2)" : "number = $2"}
         order by number desc limit 1`,
        [model, number === undefined ? `sha256:${digest}` : Number(number)],
      );
      return rows[0] && toVersion(rows[0]);
    },
    async versions(model) {
      const rows = await sql.query<VersionRow<ListedVersion>>(
        `select number, body #- '{signature,columns}' #- '{signature,graph}' as body
         from millwright.model_version where model = $1 and ${SHOWN} order by number desc`,
        [model],
      );
      return rows.map(toVersion);
    },
    async models() {
      const rows = await sql.query<{ model: string }>(
        `select distinct model from millwright.model_version where ${SHOWN} order by model`,
      );
      return rows.map((row) => row.model);
    },
    async alias(model, alias) {
      const rows = await sql.query<{ version: Digest | null }>(
        `select version from millwright.model_alias_move where model = $1 and alias = $2
         order by id desc limit 1`,
        [model, alias],
      );
      return rows[0]?.version ?? undefined;
    },
    async lock(model) {
      await sql.query("select pg_advisory_xact_lock(hashtext('model_alias:' || $1))", [model]);
    },
    move: (move) =>
      sql.transact(async (tx) => {
        await tx.query(
          `insert into millwright.model_alias_move
             (model, alias, version, previous, reason, verdict, run_id, at)
           values ($1, $2, $3, $4, $5, $6, $7, to_timestamp($8 / 1000.0))`,
          [
            move.model,
            move.alias,
            move.version ?? null,
            move.previous ?? null,
            move.reason,
            move.verdict === undefined ? null : JSON.stringify(move.verdict),
            move.runId ?? null,
            move.at,
          ],
        );
        const { model, alias } = move;
        const at = Math.round(move.at);
        const to = move.version && (await registryStore(tx).get(move.version));
        const registered = registeredStore(tx);
        const { tell } = webhookStore(tx);
        if (to) {
          const own = { model, number: to.number, version: to.id, runId: to.runId, at };
          await registered.moveOwnAlias(alias, own);
          const said = { name: model, alias, version: String(to.number) };
          await tell("MODEL_VERSION_ALIAS.CREATED", said, at);
        } else {
          await registered.moveOwnAlias(alias, { model, version: undefined });
          await tell("MODEL_VERSION_ALIAS.DELETED", { name: model, alias }, at);
        }
      }),
    async moves(model, alias) {
      const rows = await sql.query<MoveRow>(
        `select model, alias, version, previous, reason, verdict, run_id,
                (extract(epoch from at) * 1000)::float8 as at_ms
         from millwright.model_alias_move
         where model = $1 and ($2::text is null or alias = $2) order by id desc`,
        [model, alias ?? null],
      );
      return rows.map((row) => ({
        model: row.model,
        alias: row.alias,
        version: row.version ?? undefined,
        previous: row.previous ?? undefined,
        reason: row.reason,
        verdict: row.verdict ?? undefined,
        runId: row.run_id ?? undefined,
        at: row.at_ms,
      }));
    },
  };
  return store;
}
