-- Who is told of what. Times are milliseconds since 1970.
create table millwright.webhook (
  id text primary key,
  name text not null,
  description text not null default '',
  url text not null,
  -- MODEL_VERSION.CREATED …
  events text[] not null,
  status text not null check (status in ('ACTIVE', 'DISABLED')),
  -- Sealed: only the process that sends can read it. null = deliveries are not signed.
  secret bytea,
  created_at bigint not null,
  updated_at bigint not null
);

-- Written in the transaction of the change that is told of: whoever sees the change sees its deliveries, too.
create table millwright.webhook_delivery (
  id text primary key default gen_random_uuid()::text,
  webhook text not null references millwright.webhook on delete cascade,
  event text not null,
  -- As it is sent and signed.
  body text not null,
  state text not null default 'waiting' check (state in ('waiting', 'delivered', 'given up')),
  attempts integer not null default 0,
  -- When it is due; while it is being sent, when somebody else may try.
  next_at bigint not null,
  last_status integer,
  last_error text,
  created_at bigint not null,
  finished_at bigint,
  -- Of the event log, where it came from there: the same event is told once.
  event_id bigint,
  unique (webhook, event_id)
);
create index webhook_delivery_due on millwright.webhook_delivery (next_at) where state = 'waiting';
create index webhook_delivery_newest on millwright.webhook_delivery (webhook, created_at desc, id);
create index webhook_delivery_old on millwright.webhook_delivery (finished_at) where state <> 'waiting';

-- Runs and experiments are kept by what stands below the registry and knows nothing of webhooks: the tables themselves tell.
-- Nothing is computed for other changes of a run, and next to nothing where nobody listens.
-- Webhooks are locked as the reference to them would lock them: one that somebody deletes meanwhile is left out, where the reference
-- to it would have failed, and with it the end of a run.
create function millwright.tell_webhooks(entity text, action text, data json) returns void language sql as $$
  insert into millwright.webhook_delivery (webhook, event, body, next_at, created_at)
  select w.id, event.name, event.body, event.at, event.at
  from millwright.webhook w, (
    select upper(entity) || '.' || upper(action) as name,
      json_build_object('entity', entity, 'action', action,
        'timestamp', to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'data', data)::text as body,
      (extract(epoch from now()) * 1000)::bigint as at
  ) event
  where w.status = 'ACTIVE' and event.name = any(w.events)
  for key share of w
$$;

create function millwright.tell_of_run() returns trigger language plpgsql as $$
begin
  perform millwright.tell_webhooks('run', case new.status when 'FINISHED' then 'finished' else 'failed' end,
    json_build_object('run_id', new.id, 'run_name', new.name, 'experiment_id', new.experiment::text, 'status', new.status,
      'user_id', new.user_id, 'start_time', new.start_time, 'end_time', new.end_time));
  return null;
end $$;
create trigger tell_of_run_end after update of status on millwright.tracked_run for each row
  when (new.status in ('FINISHED', 'FAILED', 'KILLED') and old.status is distinct from new.status)
  execute function millwright.tell_of_run();
create trigger tell_of_ended_run after insert on millwright.tracked_run for each row
  when (new.status in ('FINISHED', 'FAILED', 'KILLED')) execute function millwright.tell_of_run();

create function millwright.tell_of_experiment() returns trigger language plpgsql as $$
begin
  perform millwright.tell_webhooks('experiment', 'created', json_build_object('experiment_id', new.id::text, 'name', new.name));
  return null;
end $$;
create trigger tell_of_experiment after insert on millwright.experiment for each row execute function millwright.tell_of_experiment();
