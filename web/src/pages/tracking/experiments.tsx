import type { Experiment } from "@millwright/sdk/contract/experiments";
import type { FormEvent } from "react";
import { api } from "../../api.ts";
import { useLive } from "../../live.ts";
import { go, Link, pathTo, useQuery, withQuery } from "../../location.tsx";
import { Age } from "../../ui/age.tsx";
import { Empty } from "../../ui/empty.tsx";
import { Field } from "../../ui/field.tsx";
import { Page, Pending } from "../../ui/page.tsx";
import { LogHere } from "./log-here.tsx";

const LIMIT = 100;

export function ExperimentsPage() {
  const query = useQuery();
  const name = query.get("name") ?? "";
  const token = query.get("page") ?? undefined;
  const live = useLive(
    `experiments ${name} ${token}`,
    () =>
      api.experiments({
        ...{ view_type: "ACTIVE_ONLY", max_results: LIMIT, order_by: ["last_update_time DESC"] },
        ...(token === undefined ? {} : { page_token: token }),
        ...(name === "" ? {} : { filter: `name ILIKE '%${name.replaceAll("'", "_")}%'` }),
      }),
    5000,
  );
  if (!live.data) return <Pending live={live} title="Experiments" />;
  const { experiments, next_page_token: next } = live.data;
  const onlyDefault = token === undefined && experiments.every((one) => one.experiment_id === "0");
  const search = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const typed = String(new FormData(event.currentTarget).get("name") ?? "").trim();
    go(withQuery({ name: typed, page: undefined }), { replace: true });
  };
  return (
    <Page
      title="Experiments"
      lead="Runs of our own pipelines and of MLflow's clients, by what they try to find out."
    >
      <div className="stack">
        <search>
          <form className="runs-filter" onSubmit={search}>
            <Field label="Name contains">
              <input key={name} name="name" type="search" defaultValue={name} />
            </Field>
            <button type="submit" className="button">
              Search
            </button>
          </form>
        </search>
        {experiments.length > 0 && (
          <section className="card flush" aria-label="Experiments">
            <ExperimentTable experiments={experiments} />
          </section>
        )}
        {experiments.length === 0 && name !== "" && (
          <Empty title={`No experiment's name contains “${name}”.`}>
            <Link to={withQuery({ name: "" })}>Show all experiments</Link>
          </Empty>
        )}
        {onlyDefault && name === "" && (
          <Empty title="No experiment yet but the default one." commands={["millwright train"]}>
            Point a Python script that logs to MLflow here, unchanged; or train a model of this
            project: its trials are tracked, too.
          </Empty>
        )}
        {(next !== undefined || token !== undefined) && (
          <nav className="pages" aria-label="Pages">
            {token !== undefined && <Link to={withQuery({ page: undefined })}>First page</Link>}
            {next !== undefined && <Link to={withQuery({ page: next })}>Next page</Link>}
          </nav>
        )}
        <LogHere />
      </div>
    </Page>
  );
}

const ExperimentTable = ({ experiments }: { experiments: readonly Experiment[] }) => (
  <div className="scroll">
    <table className="rows folds">
      <thead>
        <tr>
          <th scope="col">Experiment</th>
          <th scope="col" className="wide">
            About
          </th>
          <th scope="col">Changed</th>
          <th scope="col">Created</th>
        </tr>
      </thead>
      <tbody>
        {experiments.map((experiment) => (
          <tr key={experiment.experiment_id}>
            <th scope="row">
              <Link to={pathTo.experiment(experiment.experiment_id)}>{experiment.name}</Link>
              <small>id {experiment.experiment_id}</small>
            </th>
            <td className="wide">
              <span className="clip muted">
                {experiment.tags.find(({ key }) => key === "mlflow.note.content")?.value ?? ""}
              </span>
            </td>
            <td data-label="Changed">
              <Age at={experiment.last_update_time} />
            </td>
            <td data-label="Created">
              <Age at={experiment.creation_time} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </div>
);
