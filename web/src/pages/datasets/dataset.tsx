import type { DatasetDetail } from "@millwright/sdk/contract/datasets";
import { api } from "../../api.ts";
import { useLive } from "../../live.ts";
import { Link, pathTo, useQuery } from "../../location.tsx";
import { Age } from "../../ui/age.tsx";
import { Badge } from "../../ui/badge.tsx";
import { Card } from "../../ui/card.tsx";
import { Command } from "../../ui/command.tsx";
import { Empty } from "../../ui/empty.tsx";
import { Facts } from "../../ui/facts.tsx";
import { count, day, percent, plural, shortDigest } from "../../ui/format.ts";
import { Page, Pending } from "../../ui/page.tsx";
import { qualityOf } from "./quality.ts";

export function DatasetPage({ name }: { name: string }) {
  const version = useQuery().get("version");
  const live = useLive(`dataset ${name} ${version}`, () =>
    api.dataset({ dataset: name, ...(version === null ? {} : { version }) }),
  );
  if (!live.data) return <Pending live={live} title={name} />;
  const data = live.data;
  const quality = qualityOf(data.version);
  return (
    <Page
      eyebrow={<Link to={pathTo.datasets()}>Datasets</Link>}
      title={data.name}
      lead={
        data.version.broken > 0
          ? "Something here is broken: training stops until it is repaired or accepted."
          : data.version.suspicious > 0
            ? "Usable, with things worth a look."
            : "Everything is as the schema expects."
      }
    >
      <div className="stack">
        <section className="card" aria-label="Summary">
          <Facts
            of={[
              [
                "Quality",
                <Badge key="q" tone={quality.tone}>
                  {quality.text}
                </Badge>,
              ],
              ["Rows", count(data.version.rows)],
              ["Columns", count(data.version.columns)],
              ["Quarantined", count(data.version.quarantined)],
              [
                "Version",
                <code key="v" title={data.version.id}>
                  {shortDigest(data.version.id)}
                </code>,
              ],
              ["Read", <Age key="a" at={data.version.createdAt} />],
            ]}
          />
          {data.sources.length > 0 && (
            <p className="muted">
              From{" "}
              {data.sources.map((s, i) => (
                <span key={s.uri}>
                  {i > 0 && ", "}
                  <code title={s.digest}>{s.uri}</code>
                </span>
              ))}
            </p>
          )}
        </section>
        <Anomalies data={data} />
        <Schema data={data} />
        <Versions data={data} />
      </div>
    </Page>
  );
}

function Anomalies({ data }: { data: DatasetDetail }) {
  const { anomalies, version } = data;
  return (
    <Card title="Anomalies and quarantine">
      {version.quarantined > 0 && (
        <p className="quarantine">
          <b>{plural(version.quarantined, "row")}</b> could not be taken (
          {percent(version.quarantined / (version.rows + version.quarantined))} of the source). They
          are kept with their line and the reason, nothing is lost:{" "}
          <Command text={`millwright show ${data.name}`} />
        </p>
      )}
      {anomalies.length === 0 ? (
        <p className="muted">
          Nothing deviates from the schema
          {version.quarantined === 0 && ", and no row had to be set aside"}.
        </p>
      ) : (
        <ul className="anomalies">
          {anomalies.map((a) => (
            <li key={`${a.kind} ${a.column} ${a.message}`}>
              <Badge tone={a.severity === "broken" ? "bad" : "warn"}>{a.severity}</Badge>
              <div>
                <p>
                  {a.column !== null && (
                    <>
                      <code>{a.column}</code>{" "}
                    </>
                  )}
                  <span className="kind">{a.kind.replaceAll("_", " ")}</span>
                  <span className="muted"> · {plural(a.rows, "row")}</span>
                </p>
                <p>{a.message}</p>
                {a.examples.length > 0 && (
                  <p className="muted">
                    e.g.{" "}
                    {a.examples.map((e) => (
                      <code key={e}>{e === "" ? "(empty)" : e}</code>
                    ))}
                  </p>
                )}
              </div>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

function Schema({ data }: { data: DatasetDetail }) {
  return (
    <Card
      title="Schema"
      aside={`${plural(data.columns.length, "column")}; edit roles in millwright.config.ts`}
      flush
    >
      {data.columns.length === 0 ? (
        <Empty title="This version has no column." />
      ) : (
        <div className="scroll">
          <table className="rows folds schema">
            <thead>
              <tr>
                <th scope="col">Column</th>
                <th scope="col">Role</th>
                <th scope="col">Type</th>
                <th scope="col" className="number">
                  May be missing
                </th>
                <th scope="col">Expected values</th>
                <th scope="col" className="wide">
                  Why this role
                </th>
              </tr>
            </thead>
            <tbody>
              {data.columns.map((column) => (
                <tr key={column.name}>
                  <th scope="row">
                    <code>{column.name}</code>
                  </th>
                  <td>
                    <span className={`role ${column.role}`}>{column.role}</span>
                  </td>
                  <td data-label="Type">{column.type}</td>
                  <td className="number" data-label="May be missing">
                    {percent(column.missing)}
                  </td>
                  <td className="values" data-label="Expected">
                    <Expected column={column} />
                  </td>
                  <td className="wide muted">{column.reason}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Card>
  );
}

function Expected({ column }: { column: DatasetDetail["columns"][number] }) {
  if (column.domain) {
    const { values, known } = column.domain;
    return (
      <>
        {values.slice(0, 4).join(", ")}
        {known > 4 && <span className="muted"> and {count(known - 4)} more</span>}
      </>
    );
  }
  if (!column.range) return <span className="muted">any</span>;
  const { min, max } = column.range;
  const shown = (v: number) =>
    column.type === "time" ? day(v) : v.toLocaleString("en", { maximumSignificantDigits: 6 });
  return (
    <>
      {shown(min)} … {shown(max)}
    </>
  );
}

function Versions({ data }: { data: DatasetDetail }) {
  return (
    <Card title="Versions" flush>
      <div className="scroll">
        <table className="rows folds">
          <thead>
            <tr>
              <th scope="col">Version</th>
              <th scope="col" className="number">
                Rows
              </th>
              <th scope="col" className="number">
                Suspicious
              </th>
              <th scope="col" className="number">
                Broken
              </th>
              <th scope="col" className="number">
                Quarantined
              </th>
              <th scope="col">Read</th>
            </tr>
          </thead>
          <tbody>
            {data.versions.map((v) => (
              <tr key={v.id} className={v.id === data.version.id ? "shown" : undefined}>
                <th scope="row">
                  <Link
                    to={`${pathTo.dataset(data.name)}?version=${shortDigest(v.id)}`}
                    aria-current={v.id === data.version.id ? "true" : undefined}
                  >
                    <code>{shortDigest(v.id)}</code>
                  </Link>
                </th>
                <td className="number" data-label="Rows">
                  {count(v.rows)}
                </td>
                <td className="number" data-label="Suspicious">
                  {v.suspicious}
                </td>
                <td className="number" data-label="Broken">
                  {v.broken}
                </td>
                <td className="number" data-label="Quarantined">
                  {count(v.quarantined)}
                </td>
                <td data-label="Read">
                  <Age at={v.createdAt} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Card>
  );
}
