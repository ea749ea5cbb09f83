import type { FormEvent } from "react";
import { api } from "../../api.ts";
import { useLive } from "../../live.ts";
import { go, Link, pathTo, useQuery, withQuery } from "../../location.tsx";
import { Command } from "../../ui/command.tsx";
import { Empty } from "../../ui/empty.tsx";
import { Field } from "../../ui/field.tsx";
import { Page, Pending } from "../../ui/page.tsx";
import { columnName, columnsOf, shownColumns } from "./run-columns.ts";
import { TrackedRunTable } from "./tracked-run-table.tsx";

const LIMIT = 100;
/** As many as stand beside each other on the page of comparison. */
const MOST_COMPARED = 20;

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
  const live = useLive(`runs of ${id} ${filter} ${order} ${token}`, () =>
    api.trackedRuns({
      ...{ experiment_ids: [id], max_results: LIMIT },
      ...(filter === "" ? {} : { filter }),
      ...(order === "" ? {} : { order_by: [order] }),
      ...(token === undefined ? {} : { page_token: token }),
    }),
  );
  if (!about.data) return <Pending live={about} title={`Experiment ${id}`} />;
  const { experiment } = about.data;
  const runs = live.data?.runs ?? [];
  const next = live.data?.next_page_token;
  const all = columnsOf(runs);
  const shown = shownColumns(all, query.get("columns"));
  const chosen = (query.get("chosen") ?? "").split(",").filter(Boolean);
  const choose = (run: string, wanted: boolean) =>
    go(
      withQuery({
        chosen: [...chosen.filter((one) => one !== run), ...(wanted ? [run] : [])].join(","),
      }),
      { replace: true },
    );
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const typed = String(new FormData(event.currentTarget).get("filter") ?? "").trim();
    go(withQuery({ filter: typed, page: undefined }));
  };
  const toggle = (name: string, wanted: boolean) => {
    const names = shown.map(columnName).filter((one) => one !== name);
    go(withQuery({ columns: [...names, ...(wanted ? [name] : [])].join(",") || "none" }), {
      replace: true,
    });
  };
  return (
    <Page
      eyebrow={<Link to={pathTo.experiments()}>Experiments</Link>}
      title={experiment.name}
      lead={experiment.tags.find(({ key }) => key === "mlflow.note.content")?.value}
      actions={
        chosen.length >= 2 && chosen.length <= MOST_COMPARED ? (
          <Link className="button primary" to={pathTo.compare(chosen)}>
            Compare {chosen.length} runs
          </Link>
        ) : (
          <p className="muted">
            {chosen.length > MOST_COMPARED
              ? `At most ${MOST_COMPARED} runs are compared.`
              : "Choose two or more runs to compare them."}
          </p>
        )
      }
    >
      <div className="stack">
        <search>
          <form className="runs-filter" onSubmit={submit}>
            <Field
              label="Filter"
              hint="metrics.auc > 0.9 and params.depth = '6' and attributes.status = 'FINISHED'"
            >
              <input key={filter} name="filter" type="search" defaultValue={filter} />
            </Field>
            <button type="submit" className="button">
              Filter
            </button>
          </form>
        </search>
        {live.error !== undefined && (
          <div className="notice bad" role="alert">
            {live.error.message}
          </div>
        )}
        {all.length > 0 && (
          <details className="columns-choice">
            <summary>
              Columns: {shown.length} of {all.length}
            </summary>
            <div className="chips">
              {all.slice(0, 200).map((column) => (
                <label key={columnName(column)}>
                  <input
                    type="checkbox"
                    checked={shown.includes(column)}
                    onChange={(event) => toggle(columnName(column), event.target.checked)}
                  />
                  {column.key} <small>{column.kind}</small>
                </label>
              ))}
            </div>
          </details>
        )}
        {runs.length > 0 ? (
          <section className="card flush" aria-label="Runs">
            <TrackedRunTable
              {...{ runs, chosen, choose, order }}
              columns={shown}
              onOrder={(wanted) => go(withQuery({ order: wanted, page: undefined }))}
            />
          </section>
        ) : live.data === undefined ? null : filter !== "" ? (
          <Empty title="No run matches this filter." />
        ) : (
          <Empty
            title="No run yet."
            commands={[
              `export MLFLOW_TRACKING_URI=${location.origin} MLFLOW_EXPERIMENT_NAME='${experiment.name}'`,
            ]}
          >
            A Python script with <code>mlflow.start_run()</code> logs here.
          </Empty>
        )}
        {(next !== undefined || token !== undefined) && (
          <nav className="pages" aria-label="Pages">
            {token !== undefined && <Link to={withQuery({ page: undefined })}>First page</Link>}
            {next !== undefined && <Link to={withQuery({ page: next })}>Next {LIMIT}</Link>}
          </nav>
        )}
        <p className="same">
          <span>The same from Python</span>
          <Command
            text={`mlflow.search_runs(experiment_ids=["${id}"]${filter === "" ? "" : `, filter_string=${JSON.stringify(filter)}`}${order === "" ? "" : `, order_by=[${JSON.stringify(order)}]`})`}
          />
        </p>
      </div>
    </Page>
  );
}
