import { api } from "../../api.ts";
import { useLive } from "../../live.ts";
import { go, Link, pathTo, useQuery, withQuery } from "../../location.tsx";
import { Command } from "../../ui/command.tsx";
import { Empty } from "../../ui/empty.tsx";
import { Page, Pending } from "../../ui/page.tsx";
import { ChosenRuns } from "./chosen-runs.tsx";
import { LogHere } from "./log-here.tsx";
import { type Column, columnName, columnsOf, shownColumns } from "./run-columns.ts";
import { RunSearch } from "./run-search.tsx";
import { TrackedRunTable } from "./tracked-run-table.tsx";

const LIMIT = 100;
const EVERY_MS = 5000;
const MOST_COLUMNS = 200;

/** The runs of an experiment: filter, order, columns and choice are in the address. */
export function ExperimentPage({ id }: { id: string }) {
  const query = useQuery();
  const filter = query.get("filter") ?? "";
  const order = query.get("order") ?? "";
  const token = query.get("page") ?? undefined;
  const about = useLive(
    `experiment ${id}`,
    () => api.experiment({ experiment_id: id }),
    Number.POSITIVE_INFINITY,
  );
  const live = useLive(
    `runs of ${id} ${filter} ${order} ${token}`,
    () =>
      api.trackedRuns({
        ...{ experiment_ids: [id], max_results: LIMIT },
        ...(filter === "" ? {} : { filter }),
        ...(order === "" ? {} : { order_by: [order] }),
        ...(token === undefined ? {} : { page_token: token }),
      }),
    EVERY_MS,
  );
  if (!about.data) return <Pending live={about} title={`Experiment ${id}`} />;
  const { experiment } = about.data;
  const runs = live.data?.runs ?? [];
  const next = live.data?.next_page_token;
  const all = columnsOf(runs);
  const shown = shownColumns(all, query.get("columns"));
  const chosen = (query.get("chosen") ?? "").split(",").filter(Boolean);
  const keep = (ids: readonly string[]) =>
    go(withQuery({ chosen: ids.join(",") }), { replace: true });
  const choose = (run: string, wanted: boolean) =>
    keep([...chosen.filter((one) => one !== run), ...(wanted ? [run] : [])]);
  const nothing = runs.length === 0 && live.data !== undefined && live.error === undefined;
  return (
    <Page
      eyebrow={<Link to={pathTo.experiments()}>Experiments</Link>}
      title={experiment.name}
      lead={experiment.tags.find(({ key }) => key === "mlflow.note.content")?.value}
    >
      <div className="stack">
        {(!nothing || filter !== "") && <RunSearch {...{ filter, order }} columns={shown} />}
        {live.error !== undefined && (
          <div className="notice bad" role="alert">
            {live.error.message}
            {(filter !== "" || order !== "") && (
              <Link to={withQuery({ filter: "", order: "", page: "" })}>Show all runs</Link>
            )}
          </div>
        )}
        {live.data === undefined && live.error === undefined && (
          <p className="loading" role="status">
            Loading…
          </p>
        )}
        {all.length > 0 && <ColumnChoice {...{ all, shown }} />}
        {runs.length > 0 && (
          <section className="card flush" aria-label="Runs">
            <TrackedRunTable
              {...{ runs, chosen, choose, order }}
              columns={shown}
              onOrder={(wanted) => go(withQuery({ order: wanted, page: undefined }))}
            />
          </section>
        )}
        {nothing && filter !== "" && (
          <Empty title="No run matches this filter.">
            <Link to={withQuery({ filter: "" })}>Show all runs</Link>
          </Empty>
        )}
        {nothing && filter === "" && (
          <Empty title="No run yet.">
            A Python script that calls <code>mlflow.start_run()</code> logs its runs here.
          </Empty>
        )}
        {(next !== undefined || token !== undefined) && (
          <nav className="pages" aria-label="Pages">
            {token !== undefined && <Link to={withQuery({ page: undefined })}>First page</Link>}
            {next !== undefined && <Link to={withQuery({ page: next })}>Next {LIMIT}</Link>}
          </nav>
        )}
        <ChosenRuns chosen={chosen} clear={() => keep([])} />
        {runs.length >= 2 && chosen.length === 0 && (
          <p className="muted">Choose two or more runs to compare them.</p>
        )}
        <div className="sames">
          {runs.length > 0 && (
            <p className="same">
              <span>The same from Python</span>
              <Command
                text={`mlflow.search_runs(experiment_ids=["${id}"]${filter === "" ? "" : `, filter_string=${JSON.stringify(filter)}`}${order === "" ? "" : `, order_by=[${JSON.stringify(order)}]`})`}
              />
            </p>
          )}
          <LogHere experiment={experiment.name} />
        </div>
      </div>
    </Page>
  );
}

function ColumnChoice({ all, shown }: { all: readonly Column[]; shown: readonly Column[] }) {
  const toggle = (name: string, wanted: boolean) => {
    const names = shown.map(columnName).filter((one) => one !== name);
    go(withQuery({ columns: [...names, ...(wanted ? [name] : [])].join(",") || "none" }), {
      replace: true,
    });
  };
  return (
    <details className="columns-choice">
      <summary>
        Columns: {shown.length} of {all.length}
      </summary>
      <div>
        {all.slice(0, MOST_COLUMNS).map((column) => (
          <label key={columnName(column)}>
            <input
              type="checkbox"
              checked={shown.includes(column)}
              onChange={(event) => toggle(columnName(column), event.target.checked)}
            />
            <span>
              {column.key} <small>{column.kind}</small>
            </span>
          </label>
        ))}
      </div>
    </details>
  );
}
