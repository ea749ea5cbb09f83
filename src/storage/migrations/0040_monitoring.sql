-- One row for each window that was looked at, and one for each incident.
create table millwright.monitor_window (
  model text not null,
  start_at timestamptz not null,
  end_at timestamptz not null,
  version text not null,
  body jsonb not null,
  primary key (model, start_at, end_at)
);

create table millwright.incident (
  id text primary key,
  model text not null,
  state text not null check (state in ('open', 'closed')),
  opened_at timestamptz not null,
  closed_at timestamptz,
  body jsonb not null
);
create index incident_model on millwright.incident (model, opened_at desc);
