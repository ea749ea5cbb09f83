-- Model versions are immutable; aliases move, and every move is kept with the verdict that allowed it.
create table millwright.model_version (
  id text primary key,
  model text not null,
  number integer not null,
  body jsonb not null,
  created_at timestamptz not null default now(),
  unique (model, number)
);

create table millwright.model_alias_move (
  id bigint generated always as identity primary key,
  model text not null,
  alias text not null,
  version text references millwright.model_version (id),
  previous text references millwright.model_version (id),
  reason text not null,
  verdict jsonb,
  run_id text,
  at timestamptz not null
);
create index model_alias_move_current on millwright.model_alias_move (model, alias, id desc);
