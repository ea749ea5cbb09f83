-- One registry: what MLflow's clients see of models, and the line of numbers that our own versions take theirs from.
-- Times are milliseconds since 1970. Why it is so: docs/decisions/0026.
create table millwright.registered_model (
  id bigint generated always as identity primary key,
  name text not null unique,
  description text not null default '',
  -- The number last given. Only ever grows, so that a number is never given twice.
  last_version integer not null default 0,
  created_at bigint not null,
  updated_at bigint not null
);

create table millwright.registered_model_tag (
  model bigint not null references millwright.registered_model on delete cascade,
  key text not null,
  value text not null,
  primary key (model, key)
);
create index registered_model_tag_value on millwright.registered_model_tag (key, left(value, 64), model);

create table millwright.registered_version (
  model bigint not null references millwright.registered_model on delete cascade,
  number integer not null,
  -- Ours, when it is one that can be served.
  version text unique references millwright.model_version (id),
  source text not null,
  -- Where its files are; differs from `source` where that names another version or a logged model.
  location text not null,
  run_id text not null default '',
  run_link text not null default '',
  -- m-…
  logged_model text,
  stage text not null default 'None' check (stage in ('None', 'Staging', 'Production', 'Archived')),
  description text not null default '',
  status text not null default 'READY' check (status in ('PENDING_REGISTRATION', 'FAILED_REGISTRATION', 'READY')),
  status_message text not null default '',
  user_id text not null default '',
  created_at bigint not null,
  updated_at bigint not null,
  primary key (model, number)
);
create index registered_version_stage on millwright.registered_version (model, stage, number desc);
create index registered_version_updated on millwright.registered_version (updated_at desc);
create index registered_version_run on millwright.registered_version (run_id) where run_id <> '';
create index registered_version_logged_model on millwright.registered_version (logged_model) where logged_model is not null;

create table millwright.registered_version_tag (
  model bigint not null,
  number integer not null,
  key text not null,
  value text not null,
  primary key (model, number, key),
  foreign key (model, number) references millwright.registered_version on delete cascade
);
create index registered_version_tag_value on millwright.registered_version_tag (key, left(value, 64), model, number);

create table millwright.registered_alias (
  model bigint not null,
  alias text not null,
  number integer not null,
  -- Where model_alias_move stands: written with every move, and not for a client to take away.
  own boolean not null default false,
  primary key (model, alias),
  foreign key (model, number) references millwright.registered_version on delete cascade
);
create index registered_alias_number on millwright.registered_alias (model, number);

-- What was there before this table.
insert into millwright.registered_model (name, last_version, created_at, updated_at)
select model, max(number), (extract(epoch from min(created_at)) * 1000)::bigint, (extract(epoch from max(created_at)) * 1000)::bigint
from millwright.model_version group by model;

insert into millwright.registered_version (model, number, version, source, location, run_id, created_at, updated_at)
select m.id, v.number, v.id, place.uri, place.uri, coalesce(v.body->>'runId', ''),
  (extract(epoch from v.created_at) * 1000)::bigint, (extract(epoch from v.created_at) * 1000)::bigint
from millwright.model_version v join millwright.registered_model m on m.name = v.model,
  lateral (select 'mlflow-artifacts:/models/' || v.model || '/' || v.number) place (uri);

insert into millwright.registered_alias (model, alias, number, own)
select r.model, last.alias, r.number, true
from (
  select distinct on (model, alias) alias, version from millwright.model_alias_move order by model, alias, id desc
) last join millwright.registered_version r on r.version = last.version;
