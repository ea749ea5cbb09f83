-- Work of a step that runs elsewhere (a cluster, a process that outlives its worker). A row is written before the job is asked for:
-- what is out there is always known here, so that it is adopted, cancelled and cleared away, whoever has died.
create table millwright.remote_job (
  -- Made of run, step and attempt; the job's name where it runs.
  id text primary key,
  -- No foreign key: a job outlives the row of its run until it is cancelled.
  run_id text not null,
  step text not null,
  -- Raised when the place lost a job (a machine went), never when the program failed.
  attempt integer not null,
  place jsonb not null,
  work jsonb not null,
  -- SHA-256 of every token handed out for it; the tokens themselves are kept by the jobs alone.
  token_hashes text[] not null default '{}',
  token_until timestamptz,
  -- name → {digest, bytes}, in the blobs beside "jobs".
  results jsonb not null default '{}',
  -- Up to where its log has been read, and the last lines.
  mark text not null default '',
  tail jsonb not null default '[]',
  outcome jsonb,
  created_at timestamptz not null default now(),
  ended_at timestamptz,
  -- Its files are gone.
  cleared_at timestamptz,
  unique (run_id, step, attempt)
);
create index remote_job_left on millwright.remote_job (created_at) where cleared_at is null;
