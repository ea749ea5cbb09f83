-- Results of steps of users' pipelines that may answer again (`cache`): by a digest of code, pipeline, step, input, params, environment.
create table millwright.step_result (
  key text primary key,
  -- Who made it.
  run_id text not null,
  step text not null,
  value jsonb not null,
  kept_at timestamptz not null default now()
);
create index step_result_age on millwright.step_result (kept_at);
