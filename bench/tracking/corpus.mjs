/** The same runs in both databases, written by SQL: loading them through MLflow's server would take hours. */

/** Numbers of (run, key) that look random in [0, 1), the same in both; those of metrics say nothing of those of params. */
const uniform = (kind) => `(hashtext(r || '${kind}' || k)::bigint + 2147483648) / 4294967296.0`;
const VALUE = uniform("m");
const DIGIT = `(floor(${uniform("p")} * 10))::int::text`;

/**
 * `runs` × (`metrics` latest metrics, 5 params, 2 tags) in an experiment of their own.
 * @param points of each metric; the latest is the last.
 */
export async function loadOurs(sql, { runs, metrics, experiment, from = 0, points = 1 }) {
  const names = [...Array(metrics).keys()].map((k) => `m${k}`).concat(["p0", "p1", "p2", "p3", "p4", "mlflow.user", "kind"]);
  await sql.query("insert into millwright.tracked_key (name) select unnest($1::text[]) on conflict do nothing", [names]);
  await sql.query(
    `with added as (
       insert into millwright.tracked_run (id, experiment, name, user_id, status, start_time, end_time, artifact_uri)
       select 'c' || lpad(to_hex($2::bigint), 3, '0') || lpad(to_hex(r), 28, '0'), $2, 'run-' || r, 'bench', 'FINISHED', 1700000000000 + r, 1700000001000 + r, 'mlflow-artifacts:/c/' || r
       from generate_series($3::bigint, $3::bigint + $1::bigint - 1) r returning seq, start_time - 1700000000000 as r
     ), m as (
       insert into millwright.latest_metric (run, key, experiment, value, timestamp, step)
       select a.seq, t.id, $2, ${VALUE}, 1700000000000 + r, $5::int - 1
       from added a cross join generate_series(0, $4::int - 1) k join millwright.tracked_key t on t.name = 'm' || k
       returning run, key, timestamp, step, value
     ), h as (
       insert into millwright.metric (run, key, timestamp, step, value)
       select run, key, timestamp - s, step - s, value + s from m cross join generate_series(0, $5::int - 1) s order by 1, 2, 3
     ), p as (
       insert into millwright.param (run, key, value)
       select a.seq, t.id, ${DIGIT}
       from added a cross join generate_series(0, 4) k join millwright.tracked_key t on t.name = 'p' || k
     )
     insert into millwright.run_tag (run, key, value)
     select a.seq, t.id, case t.name when 'mlflow.user' then 'bench' else 'kind-' || (r % 7) end
     from added a cross join millwright.tracked_key t where t.name in ('mlflow.user', 'kind')`,
    [runs, experiment, from, metrics, points],
  );
}

export async function loadTheirs(sql, { runs, metrics, experiment, from = 0 }) {
  await sql.query(
    `insert into runs (run_uuid, name, source_type, user_id, status, start_time, end_time, lifecycle_stage, artifact_uri, experiment_id)
     select 'c' || lpad(to_hex($2::bigint), 3, '0') || lpad(to_hex(r), 28, '0'), 'run-' || r, 'LOCAL', 'bench', 'FINISHED', 1700000000000 + r, 1700000001000 + r, 'active', 'mlflow-artifacts:/c/' || r, $2
     from generate_series($3::bigint, $3::bigint + $1::bigint - 1) r`,
    [runs, experiment, from],
  );
  const each = `select run_uuid, start_time - 1700000000000 as r from runs where experiment_id = $1`;
  for (const table of ["latest_metrics", "metrics"])
    await sql.query(
      `insert into ${table} (key, value, timestamp, step, is_nan, run_uuid)
       select 'm' || k, ${VALUE}, 1700000000000 + r, 0, false, run_uuid from (${each}) a cross join generate_series(0, $2::int - 1) k`,
      [experiment, metrics],
    );
  await sql.query(
    `insert into params (key, value, run_uuid) select 'p' || k, ${DIGIT}, run_uuid from (${each}) a cross join generate_series(0, 4) k`,
    [experiment],
  );
  await sql.query(
    `insert into tags (key, value, run_uuid)
     select t.key, case t.key when 'mlflow.user' then 'bench' else 'kind-' || (r % 7) end, run_uuid from (${each}) a cross join (values ('mlflow.user'), ('kind')) t(key)`,
    [experiment],
  );
}

/** One run with a history of `points`, for both. */
export async function historyOurs(sql, { run, key, points }) {
  await sql.query("insert into millwright.tracked_key (name) values ($1) on conflict do nothing", [key]);
  await sql.query(
    `insert into millwright.metric (run, key, timestamp, step, value)
     select r.seq, t.id, 1700000000000 + s, s, s * 0.5 from generate_series(1, $3::bigint) s, millwright.tracked_run r, millwright.tracked_key t where r.id = $1 and t.name = $2`,
    [run, key, points],
  );
}

export async function historyTheirs(sql, { run, key, points }) {
  await sql.query(
    `insert into metrics (key, value, timestamp, step, is_nan, run_uuid) select $2, s * 0.5, 1700000000000 + s, s, false, $1 from generate_series(1, $3::bigint) s`,
    [run, key, points],
  );
}
