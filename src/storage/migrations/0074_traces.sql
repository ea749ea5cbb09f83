-- Traces of MLflow's protocol. A client tells about a trace, and its spans come on another way, in either order: what was told
-- and what the spans show is kept apart, and what the trace is follows from both, whichever came first.
create table millwright.trace (
  id text collate "C" primary key,
  experiment bigint not null references millwright.experiment on delete cascade,
  client_request_id text,
  -- Milliseconds. null: not told, or no span yet.
  told_time bigint,
  told_duration bigint,
  told_state text check (told_state in ('STATE_UNSPECIFIED', 'OK', 'ERROR', 'IN_PROGRESS')),
  told_request text,
  told_response text,
  told_metadata jsonb not null default '{}',
  span_time bigint,
  span_end bigint,
  span_state text check (span_state in ('OK', 'ERROR')),
  span_request text,
  span_response text,
  -- Sums over the spans (tokens, cost) and their session. What was told goes before it.
  span_metadata jsonb not null default '{}',
  tags jsonb not null default '{}',
  request_time bigint not null generated always as (least(told_time, span_time)) stored,
  end_time bigint generated always as (greatest(told_time + told_duration, span_end)) stored,
  state text not null generated always as (
    case when told_state in ('OK', 'ERROR') then told_state else coalesce(span_state, told_state, 'IN_PROGRESS') end
  ) stored
);
create index trace_newest on millwright.trace (experiment, request_time desc, id);
create index trace_tags on millwright.trace using gin (tags jsonb_path_ops);
create index trace_told_metadata on millwright.trace using gin (told_metadata jsonb_path_ops);
create index trace_span_metadata on millwright.trace using gin (span_metadata jsonb_path_ops);

create table millwright.trace_span (
  trace text collate "C" not null references millwright.trace on delete cascade,
  -- 16 hex digits.
  id text not null,
  parent text,
  name text not null,
  type text,
  status text not null check (status in ('UNSET', 'OK', 'ERROR')),
  -- Nanoseconds since 1970. end_ns null: not ended yet.
  start_ns bigint not null,
  end_ns bigint,
  -- JSON: { attributes, events, message, otel }, values as src/tracking/traces/attribute-value.ts has them.
  body text not null,
  -- Tokens and cost by name, and the session: what span_metadata above is made of.
  usage jsonb,
  cost jsonb,
  session text,
  primary key (trace, id)
);

-- A trace may be linked before it arrives. target: id of a run, or name/version of a prompt.
create table millwright.trace_link (
  kind text not null check (kind in ('run', 'prompt')),
  target text not null,
  trace text collate "C" not null,
  primary key (kind, target, trace)
);
create index trace_link_trace on millwright.trace_link (trace);

-- What people, programs and judges say about a trace: feedback, the answer it should have had, or the issue it shows.
create table millwright.assessment (
  id text primary key,
  trace text collate "C" not null references millwright.trace on delete cascade,
  kind text not null check (kind in ('feedback', 'expectation', 'issue')),
  name text not null,
  -- json, not jsonb: keeps the order of keys. Of an issue: its name.
  value json,
  error jsonb,
  span text,
  source_type text not null,
  source_id text not null,
  rationale text,
  metadata jsonb not null default '{}',
  overrides text,
  valid boolean not null default true,
  created_at bigint not null,
  updated_at bigint not null
);
create index assessment_trace on millwright.assessment (trace, created_at, id);
create index assessment_name on millwright.assessment (kind, name, trace);

-- Questions with the answers expected, which agents and prompts are evaluated on.
create table millwright.evaluation_dataset (
  id text collate "C" primary key,
  name text not null,
  tags jsonb not null default '{}',
  -- Types of the fields of all records so far.
  schema jsonb,
  digest text not null,
  created_at bigint not null,
  updated_at bigint not null,
  created_by text,
  updated_by text
);
create index evaluation_dataset_newest on millwright.evaluation_dataset (created_at desc, id);

create table millwright.evaluation_dataset_experiment (
  dataset text collate "C" not null references millwright.evaluation_dataset on delete cascade,
  experiment bigint not null references millwright.experiment on delete cascade,
  primary key (dataset, experiment)
);
create index evaluation_dataset_of_experiment on millwright.evaluation_dataset_experiment (experiment);

-- A record is known by its inputs: the same inputs again are the same record. json, not jsonb: as it was written.
create table millwright.evaluation_record (
  dataset text collate "C" not null references millwright.evaluation_dataset on delete cascade,
  -- The order they came in.
  n bigint generated always as identity,
  id text not null unique,
  input_hash bytea not null,
  inputs json not null,
  outputs json,
  expectations jsonb,
  tags jsonb not null default '{}',
  source json,
  created_at bigint not null,
  updated_at bigint not null,
  created_by text,
  updated_by text,
  primary key (dataset, input_hash)
);
create index evaluation_record_order on millwright.evaluation_record (dataset, n);

-- What is wrong with traces of an experiment, found by people or judges. Assessments of kind 'issue' point here by name.
create table millwright.trace_issue (
  id text collate "C" primary key,
  experiment bigint not null references millwright.experiment on delete cascade,
  name text not null,
  description text not null,
  status text not null check (status in ('pending', 'rejected', 'resolved')),
  severity text check (severity in ('not_an_issue', 'low', 'medium', 'high')),
  root_causes jsonb not null default '[]',
  categories jsonb not null default '[]',
  source_run text,
  created_by text,
  created_at bigint not null,
  updated_at bigint not null
);
create index trace_issue_newest on millwright.trace_issue (experiment, created_at desc, id desc);

-- Language models behind an API, as MLflow's AI gateway knows them. Kept for its clients; nothing here calls them.
create table millwright.llm_secret (
  id text primary key,
  name text not null unique,
  -- AES-256-GCM under the key of the data folder; never answered.
  sealed bytea not null,
  masked jsonb not null,
  provider text,
  auth_config jsonb not null default '{}',
  created_at bigint not null,
  updated_at bigint not null,
  created_by text,
  updated_by text
);

create table millwright.llm_model (
  id text primary key,
  name text not null unique,
  secret text references millwright.llm_secret on delete set null,
  provider text not null,
  model_name text not null,
  created_at bigint not null,
  updated_at bigint not null,
  created_by text,
  updated_by text
);

create table millwright.llm_endpoint (
  id text primary key,
  name text not null unique,
  routing_strategy text,
  fallback jsonb,
  usage_tracking boolean not null,
  experiment bigint references millwright.experiment on delete set null,
  tags jsonb not null default '{}',
  created_at bigint not null,
  updated_at bigint not null,
  created_by text,
  updated_by text
);

create table millwright.llm_endpoint_model (
  id text primary key,
  n bigint generated always as identity,
  endpoint text not null references millwright.llm_endpoint on delete cascade,
  model text not null references millwright.llm_model,
  linkage text not null check (linkage in ('PRIMARY', 'FALLBACK')),
  weight real not null,
  fallback_order integer,
  created_at bigint not null,
  created_by text,
  unique (endpoint, model, linkage)
);
create index llm_endpoint_model_model on millwright.llm_endpoint_model (model);

-- Who uses an endpoint: a scorer, say.
create table millwright.llm_binding (
  endpoint text not null references millwright.llm_endpoint on delete cascade,
  resource_type text not null,
  resource_id text not null,
  display_name text,
  created_at bigint not null,
  updated_at bigint not null,
  created_by text,
  updated_by text,
  primary key (endpoint, resource_type, resource_id)
);
create index llm_binding_resource on millwright.llm_binding (resource_type, resource_id);

-- What judges answers: code and prompts as MLflow's clients serialize them, in versions.
create table millwright.scorer (
  id text primary key,
  experiment bigint not null references millwright.experiment on delete cascade,
  name text not null,
  -- Versions are numbered on, also after the last was deleted.
  versions integer not null,
  unique (experiment, name)
);

create table millwright.scorer_version (
  scorer text not null references millwright.scorer on delete cascade,
  version integer not null,
  serialized text not null,
  -- That its model is reached by; the text has the name it had then.
  endpoint text references millwright.llm_endpoint on delete set null,
  had_endpoint boolean not null,
  created_at bigint not null,
  primary key (scorer, version)
);

-- Which share of new traces a scorer is to judge.
create table millwright.online_scoring (
  id text primary key,
  scorer text not null unique references millwright.scorer on delete cascade,
  sample_rate double precision not null,
  filter text,
  updated_at bigint not null
);
