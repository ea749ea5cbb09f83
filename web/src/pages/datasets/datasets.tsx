import { api } from "../../api.ts";
import { useLive } from "../../live.ts";
import { Link, pathTo } from "../../location.tsx";
import { Age } from "../../ui/age.tsx";
import { Badge } from "../../ui/badge.tsx";
import { Empty } from "../../ui/empty.tsx";
import { count } from "../../ui/format.ts";
import { Page, Pending } from "../../ui/page.tsx";
import { qualityOf } from "./quality.ts";

export function DatasetsPage() {
  const live = useLive("datasets", () => api.datasets({}));
  if (!live.data) return <Pending live={live} title="Datasets" />;
  const { datasets } = live.data;
  return (
    <Page
      title="Datasets"
      lead="Each version is immutable and checked against its schema before anything learns from it."
    >
      {datasets.length === 0 ? (
        <Empty
          title="This project has no dataset yet."
          commands={["millwright init data.csv --target column"]}
        >
          Point Millwright at a CSV, TSV, JSON-lines or Parquet file and name the column to predict.
        </Empty>
      ) : (
        <section className="card flush" aria-label="Datasets">
          <div className="scroll">
            <table className="rows folds">
              <thead>
                <tr>
                  <th scope="col">Dataset</th>
                  <th scope="col">Quality</th>
                  <th scope="col" className="number">
                    Rows
                  </th>
                  <th scope="col" className="number">
                    Columns
                  </th>
                  <th scope="col" className="number">
                    Quarantined
                  </th>
                  <th scope="col" className="number">
                    Versions
                  </th>
                  <th scope="col">Newest</th>
                </tr>
              </thead>
              <tbody>
                {datasets.map(({ name, versions, latest }) => {
                  const quality = qualityOf(latest);
                  return (
                    <tr key={name}>
                      <th scope="row">
                        <Link to={pathTo.dataset(name)}>{name}</Link>
                      </th>
                      <td>
                        <Badge tone={quality.tone}>{quality.text}</Badge>
                      </td>
                      <td className="number" data-label="Rows">
                        {latest ? count(latest.rows) : "–"}
                      </td>
                      <td className="number" data-label="Columns">
                        {latest ? count(latest.columns) : "–"}
                      </td>
                      <td className="number" data-label="Quarantined">
                        {latest ? count(latest.quarantined) : "–"}
                      </td>
                      <td className="number" data-label="Versions">
                        {count(versions)}
                      </td>
                      <td data-label="Newest">{latest ? <Age at={latest.createdAt} /> : "–"}</td>
                    </tr>
                  );
                })}
              </tbody>
            </table>
          </div>
        </section>
      )}
    </Page>
  );
}
