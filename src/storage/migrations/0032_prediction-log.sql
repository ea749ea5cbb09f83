-- A segment may be rewritten (joined with others, expired, erased from): its row stays without data, so that it is never shipped again.
alter table millwright.prediction_segment
  -- Blob: JSON, one traffic profile per row of prediction_profile, in the order of its position.
  add column profile text,
  add column replaced_at timestamptz;

-- Arrival times, milliseconds since 1970: retention goes by them.
alter table millwright.prediction_range
  add column first_at double precision,
  add column last_at double precision;
update millwright.prediction_range set first_at = 0, last_at = extract(epoch from shipped_at) * 1000
  from millwright.prediction_segment where id = segment;
alter table millwright.prediction_range
  alter column first_at set not null,
  alter column last_at set not null;
create index prediction_range_arrival on millwright.prediction_range (model, last_at, first_at);

-- What a segment holds, per model, version and variant. Segments of older releases have none and are scanned.
create table millwright.prediction_profile (
  segment text not null references millwright.prediction_segment (id) on delete cascade,
  model text not null,
  version text not null,
  variant text not null,
  position integer not null,
  rows integer not null,
  -- Event times, milliseconds since 1970.
  first_event double precision not null,
  last_event double precision not null,
  primary key (segment, model, version, variant)
);
create index prediction_profile_window on millwright.prediction_profile (model, last_event, first_event);

-- How much was answered, by hour of arrival: added to in the transaction that ships a segment.
create table millwright.prediction_volume (
  model text not null,
  -- Milliseconds since 1970, a whole hour.
  hour double precision not null,
  version text not null,
  variant text not null,
  rows bigint not null,
  abstained bigint not null,
  -- Sum.
  latency_ms double precision not null,
  primary key (model, hour, version, variant)
);

-- Blobs that nothing refers to any more; deleted when nobody can be reading them.
create table millwright.prediction_garbage (
  digest text primary key,
  since timestamptz not null default now()
);

-- Whose predictions were erased: rows logged before that and shipped later are dropped on the way. The key itself is not kept.
create table millwright.prediction_erasure (
  model text not null,
  -- SHA-256 of model, line feed, key.
  key_digest text not null,
  -- Milliseconds since 1970.
  at double precision not null,
  primary key (model, key_digest)
);

-- null: not looked for yet.
alter table millwright.feedback add column matched boolean;
create index feedback_unmatched on millwright.feedback (model, prediction_id) where matched is not true;
