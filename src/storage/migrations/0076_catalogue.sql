-- Runs of our own pipelines that are not over, as far as their record says: whoever works closes those whose run has ended.
create index tracked_run_own_open on millwright.tracked_run (id) where status = 'RUNNING' and starts_with(id, 'run_');
