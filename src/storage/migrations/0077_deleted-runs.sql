-- The deleted runs of an experiment in order of time, as tracked_run_newest has the active ones.
create index tracked_run_deleted on millwright.tracked_run (experiment, start_time desc, id) where lifecycle_stage = 'deleted';
