-- Who is told of what. Times are milliseconds since 1970.
create table millwright.webhook (
  id text primary key,
  name text not null,
  description text not null default '',
  url text not null,
  -- MODEL_VERSION.CREATED …
  events text[] not null,
  status text not null check (status in ('ACTIVE', 'DISABLED')),
  -- Sealed: only the process that sends can read it. null = deliveries are not signed.
  secret bytea,
  created_at bigint not null,
  updated_at bigint not null
);

-- Written in the transaction of the change that is told of: whoever sees the change sees its deliveries, too.
create table millwright.webhook_delivery (
  id text primary key default gen_random_uuid()::text,
  webhook text not null references millwright.webhook on delete cascade,
  event text not null,
  -- As it is sent and signed.
  body text not null,
  state text not null default 'waiting' check (state in ('waiting', 'delivered', 'given up')),
  attempts integer not null default 0,
  -- When it is due; while it is being sent, when somebody else may try.
  next_at bigint not null,
  last_status integer,
  last_error text,
  created_at bigint not null,
  finished_at bigint,
  -- Of the event log, where it came from there: the same event is told once.
  event_id bigint,
  unique (webhook, event_id)
);
create index webhook_delivery_due on millwright.webhook_delivery (next_at) where state = 'waiting';
create index webhook_delivery_newest on millwright.webhook_delivery (webhook, created_at desc, id);
create index webhook_delivery_old on millwright.webhook_delivery (finished_at) where state <> 'waiting';
