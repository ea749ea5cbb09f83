-- How a route divides its requests, who stands in and when. A model without a champion but with fallbacks is served: a member
-- of a family that has no version of its own.
alter table millwright.route
  -- As in src/serving/route.ts; null = the champion answers everything.
  add column split jsonb,
  add column fallback jsonb,
  add column deadline_ms double precision,
  -- Who changed it: a run (run_…), `control`, `command line`.
  add column changed_by text not null default '';
