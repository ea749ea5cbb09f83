import type { TrackedRun } from "@millwright/sdk/contract/experiments";
import { api } from "../../api.ts";
import { useLive } from "../../live.ts";
import { go, Link, pathTo, useQuery, withQuery } from "../../location.tsx";
import { Card } from "../../ui/card.tsx";
import { count } from "../../ui/format.ts";
import { MOST_COMPARED } from "./chosen-runs.tsx";
import { columnsOf, isWinner, nameOf, shownColumns, tagOf } from "./run-columns.ts";
import { TrackedRunTable } from "./tracked-run-table.tsx";

const LIMIT = 100;

/** The runs below a run: the candidates of a training of ours, or what a script nested. Nothing where there are none. */
export function RunParts({ run }: { run: TrackedRun }) {
  const { run_id: id, experiment_id: experiment, status } = run.info;
  const order = useQuery().get("order") ?? "";
  const live = useLive(
    `parts of ${id} ${order}`,
    () =>
      api.trackedRuns({
        ...{ experiment_ids: [experiment], max_results: LIMIT },
        filter: `tags.\`mlflow.parentRunId\` = '${id}'`,
        ...(order === "" ? {} : { order_by: [order] }),
      }),
    status === "RUNNING" ? 5000 : 30_000,
  );
  const runs = live.data?.runs ?? [];
  if (runs.length === 0) return null;
  const ours = runs.every((part) => tagOf(part, "millwright.kind") === "candidate");
  const ids = runs.map((part) => part.info.run_id);
  return (
    <Card
      title={`${ours ? "Candidates" : "Parts"} (${count(runs.length)}${runs.length === LIMIT ? " or more" : ""})`}
      flush
      aside={
        ids.length >= 2 &&
        ids.length <= MOST_COMPARED && (
          <Link to={pathTo.compare(ids)}>Compare {ours ? "the candidates" : "them"}</Link>
        )
      }
    >
      <TrackedRunTable
        {...{ runs, order }}
        columns={shownColumns(columnsOf(runs), null)}
        onOrder={(wanted) => go(withQuery({ order: wanted }), { replace: true })}
      />
    </Card>
  );
}

/** The run that this one is a part of, by its name. */
export function PartOf({ id, experiment }: { id: string; experiment: string }) {
  const live = useLive(
    `name of ${id}`,
    () => api.trackedRun({ run_id: id }).catch(() => undefined),
    Number.POSITIVE_INFINITY,
  );
  return (
    <Link to={pathTo.trackedRun(experiment, id)}>
      {live.data === undefined ? id.slice(0, 12) : nameOf(live.data.run)}
    </Link>
  );
}

/** What a training of ours came to, in its own words, and what became of a candidate. */
export function Outcome({ run, experiment }: { run: TrackedRun; experiment: string }) {
  const tag = (name: string) => tagOf(run, `millwright.${name}`);
  const [version, deployment, decision] = [tag("version"), tag("deployment"), tag("decision")];
  const error = tag("error");
  if (error !== undefined)
    return (
      <div className="notice bad" role="alert">
        <b>This run failed.</b> <span className="prewrap">{error}</span>
      </div>
    );
  if (tag("kind") === "candidate")
    return isWinner(run) ? (
      <p className="decision">Chosen: the model was fitted as this candidate says.</p>
    ) : null;
  if (version === undefined) return null;
  return (
    <p className="decision">
      <Link to={pathTo.model(experiment, "versions")}>Version {version}</Link>
      {deployment === undefined ? "" : ` (${deployment})`}
      {decision === undefined ? "." : `: ${decision}`}
    </p>
  );
}
