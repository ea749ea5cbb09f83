-- What runs ask for, whose turn it is (share), what workers have and take from, and how many starts a queue with a rate has left.
alter table millwright.run
  add column share text not null default '',
  add column need_cpu real not null default 0,
  add column need_memory bigint not null default 0,
  add column need_gpu integer not null default 0;
alter table millwright.executor
  -- null: from every queue.
  add column queues text[],
  add column places integer not null default 0,
  add column busy integer not null default 0,
  add column cpu real not null default 0,
  add column memory bigint not null default 0,
  add column gpu integer not null default 0,
  add column draining boolean not null default false;
-- The process that began it last: only another one finding it begun means that one has died.
alter table millwright.run_step add column by text;
create table millwright.queue_tokens (
  queue text primary key,
  tokens double precision not null,
  filled_at timestamptz not null
);
-- Queue depth and age for /metrics, whatever is over.
create index run_waiting on millwright.run (queue, state, created_at) where state in ('queued', 'running', 'waiting');
