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
