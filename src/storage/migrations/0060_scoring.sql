-- A batch: the same source bytes, scored by the same version with the same options. Its id is the digest of that.
create table millwright.score_batch (
  id text primary key,
  model text not null,
  version text not null,
  parts integer not null,
  -- Of the last run that asked for it: batches nobody asks for are forgotten, with their parts.
  used_at timestamptz not null default now()
);

-- One part of a batch. Scored once: whoever finishes first is kept, and a second result has the same bytes.
create table millwright.score_part (
  batch text not null references millwright.score_batch on delete cascade,
  part integer not null,
  -- { file, from, to, line }: where its rows lie.
  piece jsonb not null,
  -- The run that has taken it; null = free.
  runner text,
  -- Blobs: Parquet, and JSON lines of what was set aside; null = no such rows.
  data text,
  rejected_data text,
  rows integer,
  rejected integer,
  finished_at timestamptz,
  primary key (batch, part)
);
create index score_part_free on millwright.score_part (batch, part) where finished_at is null;

-- Rows handed on to people. A row is handed on at most once for a version, and an hour never has more than its capacity.
create table millwright.forwarded_row (
  model text not null,
  version text not null,
  -- The value of the key column, or digest of the file and line.
  row_id text not null,
  destination text not null,
  -- Probability of the positive class, or the number.
  score double precision not null,
  run text not null,
  -- Where the row stands in the result of that run, from 0.
  place integer not null,
  -- The hour (or other period) that pays for it.
  period timestamptz not null,
  forwarded_at timestamptz not null default now(),
  primary key (model, version, row_id)
);
create index forwarded_row_period on millwright.forwarded_row (model, destination, period);
create index forwarded_row_run on millwright.forwarded_row (run, place);
