create schema if not exists millwright;

-- Who answers for a model. Append-only: the row with the highest revision counts, the others are the history.
create table millwright.route (
  model text not null,
  revision integer not null,
  -- Counts through all models in commit order (writers hold a lock), so that gateways ask for what is new.
  change bigint generated always as identity,
  -- { id, number, onnx }; null = the model is not served any more.
  champion jsonb,
  shadow jsonb,
  -- { key, time, pass }: fields of a row beside the model's columns.
  fields jsonb not null,
  -- In words: who or what changed the route, and why.
  reason text not null,
  changed_at timestamptz not null default now(),
  primary key (model, revision)
);
create unique index route_change on millwright.route (change);

-- A journal segment that has been shipped. Inserted in the same transaction as everything that came out of it.
create table millwright.prediction_segment (
  id text primary key,
  -- Parquet in blobs; null when the segment held no prediction.
  data text,
  rows integer not null,
  feedback integer not null,
  shipped_at timestamptz not null default now()
);

-- Where a model's rows lie in a segment's Parquet file: rows are sorted by model.
create table millwright.prediction_range (
  segment text not null references millwright.prediction_segment (id) on delete cascade,
  model text not null,
  from_row integer not null,
  to_row integer not null,
  -- Event times, milliseconds since 1970.
  first_event double precision not null,
  last_event double precision not null,
  primary key (segment, model)
);
create index prediction_range_window on millwright.prediction_range (model, last_event, first_event);

-- The last feedback by `at` for each prediction.
create table millwright.feedback (
  model text not null,
  prediction_id text not null,
  -- Milliseconds since 1970.
  at double precision not null,
  -- A class name (string) or a number.
  label jsonb not null,
  primary key (model, prediction_id)
);
