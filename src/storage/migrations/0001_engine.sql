-- Runs of pipelines. DBOS keeps the journal (schema "dbos"); these rows are what people and programs look at.
create table millwright.run (
  id text primary key,
  pipeline text not null,
  state text not null check (state in ('queued', 'running', 'waiting', 'succeeded', 'failed', 'cancelled')),
  input jsonb not null,
  output jsonb,
  error text,
  error_code text,
  progress jsonb,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz
);
create index run_created on millwright.run (created_at desc);
create index run_open on millwright.run (created_at) where state in ('queued', 'running', 'waiting');
create index run_pipeline on millwright.run (pipeline, created_at desc);

create table millwright.run_step (
  run_id text not null references millwright.run on delete cascade,
  name text not null,
  position integer not null,
  state text not null check (state in ('queued', 'running', 'waiting', 'succeeded', 'failed', 'cancelled')),
  attempts integer not null default 0,
  crashes integer not null default 0,
  started_at timestamptz,
  finished_at timestamptz,
  error text,
  primary key (run_id, name)
);

-- One row per process that executes runs. Stale beat, or its pid gone on its own host = dead; anybody then takes its runs over.
create table millwright.executor (
  id text primary key,
  host text not null,
  pid integer not null,
  process_start text not null,
  work boolean not null,
  started_at timestamptz not null default now(),
  beat_at timestamptz not null default now()
);

create table millwright.schedule (
  name text primary key,
  pipeline text not null,
  every text not null,
  input jsonb not null,
  next_at timestamptz not null,
  last_at timestamptz
);

-- What happened, in order. Appended under one lock, so that ids become visible in their order.
create table millwright.event (
  id bigint generated always as identity primary key,
  type text not null,
  subject text not null,
  payload jsonb not null,
  at timestamptz not null
);
create index event_type on millwright.event (type, id desc);
create index event_subject on millwright.event (subject, id desc);

create table millwright.event_consumer (
  name text primary key,
  last_id bigint not null,
  last_error text,
  failures integer not null default 0
);
