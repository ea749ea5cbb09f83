-- Versions of datasets: append only. The rows themselves are blobs; "body" is the DatasetVersion.
create table millwright.dataset_version (
  dataset text not null,
  id text not null,
  number integer not null,
  body jsonb not null,
  created_at timestamptz not null default now(),
  primary key (dataset, id),
  unique (dataset, number)
);

-- What was read (digest of source bytes and settings) and what it became: the same source is not read twice.
create table millwright.dataset_ingest (
  dataset text not null,
  key text not null,
  version text not null,
  at timestamptz not null default now(),
  primary key (dataset, key),
  foreign key (dataset, version) references millwright.dataset_version (dataset, id)
);
