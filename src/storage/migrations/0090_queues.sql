-- Where a run waits and what it belongs to. Runs started by a step of another run (fan-out) name it, and their place among their
-- siblings; they end with it.
alter table millwright.run
  add column queue text not null default 'default',
  add column priority integer not null default 0,
  add column parent_id text references millwright.run on delete cascade,
  add column parent_step text,
  add column place integer;
create index run_children on millwright.run (parent_id, parent_step, place) where parent_id is not null;
