-- Trainings of families: what members were trained under, so that some can be trained again later, and what came of all of them.
create table millwright.family_version (
  id text primary key,
  family text not null,
  number integer not null,
  run_id text not null,
  dataset text not null,
  code text not null,
  -- The version of the model that everybody shares.
  champion text not null,
  -- The version whose other members this one left as they were; null = all were trained.
  parent text references millwright.family_version (id),
  -- { levels, enough, … } and figures of the training: what a page shows.
  body jsonb not null,
  created_at timestamptz not null,
  unique (family, number)
);

-- The members of a family as they are now. Earlier trainings are in the blobs of their family_version.
create table millwright.family_member (
  family text not null,
  -- Its model name.
  name text not null,
  level smallint not null,
  -- The values that name it, in the order of the level's columns.
  key jsonb not null,
  -- It has a model of its own; else its parent answers.
  stands boolean not null,
  rows integer not null,
  test_rows integer not null,
  candidate text not null,
  -- Mean on the test rows, of what answers and of the parent.
  loss double precision,
  parent_loss double precision,
  -- { n, mean, deviation } of the losses of what answers, on all rows that it was not learned from: what is usual.
  reference jsonb not null,
  q double precision,
  reason text,
  -- { id, number, onnx }
  version jsonb,
  bytes integer,
  -- Mean loss on the parts of the training rows, by candidate.
  tried jsonb not null,
  -- The family_version it comes from.
  training text not null references millwright.family_version (id),
  trained_at timestamptz not null,
  -- What a window of the log says: { at, rows, loss, q, failing }
  watched jsonb,
  primary key (family, name)
);
create index family_member_page on millwright.family_member (family, level, stands, name);
create index family_member_gain on millwright.family_member (family, ((parent_loss - loss) * test_rows) desc, name);
create index family_member_failing on millwright.family_member (family, name) where (watched->>'failing')::boolean;
