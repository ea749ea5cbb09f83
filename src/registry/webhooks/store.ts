import type { Sql } from "../../storage/sql/sql.ts";
import type { Delivery } from "./delivery.ts";
import type { Webhook, WebhookStatus } from "./webhook.ts";
import { eventBody, type WebhookEvent } from "./webhook-event.ts";

export type WebhookStore = ReturnType<typeof webhookStore>;

/** A delivery that is due, and where it goes. */
export interface Due {
  readonly id: string;
  readonly webhook: string;
  readonly body: string;
  /** This one included. */
  readonly attempts: number;
  readonly url: string;
  readonly status: WebhookStatus;
  /** Sealed. */
  readonly secret: Uint8Array | undefined;
}

export interface WebhookChange {
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  readonly url?: string | undefined;
  readonly events?: readonly WebhookEvent[] | undefined;
  readonly status?: WebhookStatus | undefined;
  /** Sealed. */
  readonly secret?: Uint8Array | undefined;
}

/** What was delivered is kept for a week, what was given up for a month. */
const KEPT_MS = { delivered: 7 * 86_400_000, "given up": 30 * 86_400_000 } as const;

const COLUMNS = "id, name, description, url, events, status, created_at, updated_at";

/** Webhooks and their deliveries. */
export function webhookStore(sql: Sql) {
  return {
    /**
     * Give the transaction of what happened: then both are there, or neither. `eventId`: of the event log; told once. A webhook that
     * is deleted meanwhile is waited for and left out: what happened must not fail because of it.
     */
    async tell(event: WebhookEvent, data: object, at: number, eventId?: number): Promise<void> {
      await sql.query(
        `insert into millwright.webhook_delivery (webhook, event, body, next_at, created_at, event_id)
         select id, $1, $2, $3, $3, $4 from millwright.webhook where status = 'ACTIVE' and $1 = any(events)
         for key share
         on conflict (webhook, event_id) do nothing`,
        [event, eventBody(event, data, at), at, eventId ?? null],
      );
    },

    async create(webhook: Webhook, secret: Uint8Array | undefined): Promise<void> {
      await sql.query(
        `insert into millwright.webhook (id, name, description, url, events, status, secret, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
        [
          ...[webhook.id, webhook.name, webhook.description, webhook.url, webhook.events],
          ...[webhook.status, secret ?? null, webhook.createdAt, webhook.updatedAt],
        ],
      );
    },

    async get(id: string): Promise<Webhook | undefined> {
      const [row] = await sql.query<WebhookRow>(
        `select ${COLUMNS} from millwright.webhook where id = $1`,
        [id],
      );
      return row && webhookOfRow(row);
    },

    /** Sealed, as it was given. */
    async secret(id: string): Promise<Uint8Array | undefined> {
      const [row] = await sql.query<{ secret: Uint8Array | null }>(
        "select secret from millwright.webhook where id = $1",
        [id],
      );
      return row?.secret ?? undefined;
    },

    /** Oldest first, after (`createdAt`, `id`). Not those that want nothing but events of `without`. */
    async list(input: {
      readonly limit: number;
      readonly after: readonly [number, string] | undefined;
      readonly without: readonly WebhookEvent[];
    }): Promise<Webhook[]> {
      const rows = await sql.query<WebhookRow>(
        `select ${COLUMNS} from millwright.webhook
         where (created_at, id) > ($1, $2) and not events <@ $3 order by created_at, id limit $4`,
        [input.after?.[0] ?? -1, input.after?.[1] ?? "", input.without, input.limit],
      );
      return rows.map(webhookOfRow);
    },

    /** Fields left out stay. The time of its last change always grows. */
    async update(id: string, change: WebhookChange, at: number): Promise<Webhook | undefined> {
      const [row] = await sql.query<WebhookRow>(
        `update millwright.webhook set name = coalesce($2, name), description = coalesce($3, description),
           url = coalesce($4, url), events = coalesce($5, events), status = coalesce($6, status),
           secret = coalesce($7, secret), updated_at = greatest($8, updated_at + 1)
         where id = $1 returning ${COLUMNS}`,
        [
          ...[id, change.name ?? null, change.description ?? null, change.url ?? null],
          ...[change.events ?? null, change.status ?? null, change.secret ?? null, at],
        ],
      );
      return row && webhookOfRow(row);
    },

    async delete(id: string): Promise<boolean> {
      const rows = await sql.query("delete from millwright.webhook where id = $1 returning 1", [
        id,
      ]);
      return rows.length > 0;
    },

    /** Takes what is due, so that of each webhook at most `perWebhook` are under way here. Nobody else gets them before `leaseMs` have passed. */
    async claim(input: {
      readonly now: number;
      readonly limit: number;
      readonly perWebhook: number;
      /** How many are under way already, by webhook. */
      readonly underWay: ReadonlyMap<string, number>;
      readonly leaseMs: number;
    }): Promise<Due[]> {
      const { underWay } = input;
      const rows = await sql.query<DueRow>(
        `with due as (
           select d.id from (
             select id, webhook, next_at, row_number() over (partition by webhook order by next_at, created_at) as place
             from millwright.webhook_delivery where state = 'waiting' and next_at <= $1
           ) waiting join millwright.webhook_delivery d on d.id = waiting.id
           left join unnest($4::text[], $5::integer[]) busy (webhook, size) on busy.webhook = waiting.webhook
           where place <= $3::integer - coalesce(busy.size, 0) and d.state = 'waiting' and d.next_at <= $1
           order by waiting.next_at limit $2 for update of d skip locked
         )
         update millwright.webhook_delivery d set attempts = attempts + 1, next_at = $1 + $6::bigint
         from due, millwright.webhook w where d.id = due.id and w.id = d.webhook
         returning d.id, d.webhook, d.body, d.attempts, w.url, w.status, w.secret`,
        [
          ...[input.now, input.limit, input.perWebhook],
          ...[[...underWay.keys()], [...underWay.values()], input.leaseMs],
        ],
      );
      return rows.map((row) => ({ ...row, secret: row.secret ?? undefined }));
    },

    /** What became of an attempt. `nextAt` undefined: it is over. */
    async record(
      id: string,
      outcome: {
        readonly state: Delivery["state"];
        readonly nextAt: number | undefined;
        readonly status: number | undefined;
        readonly error: string | undefined;
        readonly at: number;
      },
    ): Promise<void> {
      await sql.query(
        `update millwright.webhook_delivery set state = $2, next_at = coalesce($3, next_at), last_status = $4,
           last_error = $5, finished_at = case when $2 = 'waiting' then null else $6::bigint end
         where id = $1`,
        [
          ...[id, outcome.state, outcome.nextAt ?? null, outcome.status ?? null],
          ...[outcome.error ?? null, outcome.at],
        ],
      );
    },

    /** Newest first. */
    async deliveries(webhook: string, limit: number): Promise<Delivery[]> {
      const rows = await sql.query<DeliveryRow>(
        `select id, webhook, event, state, attempts, next_at, last_status, last_error, created_at, finished_at
         from millwright.webhook_delivery where webhook = $1 order by created_at desc, id limit $2`,
        [webhook, limit],
      );
      return rows.map((row) => ({
        ...{ id: row.id, webhook: row.webhook, event: row.event, state: row.state },
        attempts: row.attempts,
        nextAt: row.state === "waiting" ? row.next_at : undefined,
        lastStatus: row.last_status ?? undefined,
        lastError: row.last_error ?? undefined,
        createdAt: row.created_at,
        finishedAt: row.finished_at ?? undefined,
      }));
    },

    /** Forgets what has been over for long. */
    async tidy(now: number): Promise<void> {
      await sql.query(
        `delete from millwright.webhook_delivery
         where (state = 'delivered' and finished_at < $1) or (state = 'given up' and finished_at < $2)`,
        [now - KEPT_MS.delivered, now - KEPT_MS["given up"]],
      );
    },
  };
}

interface WebhookRow {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly url: string;
  readonly events: readonly string[];
  readonly status: WebhookStatus;
  readonly created_at: number;
  readonly updated_at: number;
}

const webhookOfRow = ({ created_at, updated_at, ...row }: WebhookRow): Webhook => ({
  ...row,
  createdAt: created_at,
  updatedAt: updated_at,
});

interface DueRow extends Omit<Due, "secret"> {
  readonly secret: Uint8Array | null;
}

interface DeliveryRow {
  readonly id: string;
  readonly webhook: string;
  readonly event: string;
  readonly state: Delivery["state"];
  readonly attempts: number;
  readonly next_at: number;
  readonly last_status: number | null;
  readonly last_error: string | null;
  readonly created_at: number;
  readonly finished_at: number | null;
}
