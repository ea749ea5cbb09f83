-- As in 0073, and webhooks are locked as the reference to them would lock them: one that somebody deletes meanwhile is left out,
-- where the reference to it would have failed, and with it the end of a run.
create or replace function millwright.tell_webhooks(entity text, action text, data json) returns void language sql as $$
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
