import type { ModelDetail, ReportSummary } from "@millwright/sdk/contract/models";
import { CalibrationChart } from "../../charts/calibration-chart.tsx";
import { IntervalBar } from "../../charts/interval-bar.tsx";
import { extent } from "../../charts/scale.ts";
import { Badge } from "../../ui/badge.tsx";
import { Card } from "../../ui/card.tsx";
import { Empty } from "../../ui/empty.tsx";
import { count, percent, quantity } from "../../ui/format.ts";
import { ImportedOnly } from "./imported.tsx";

const SHOWN_SLICES = 20;

/** How good the newest version is on rows it never saw: overall, where it fails, and whether its promises hold. */
export function Evaluation({ model }: { model: ModelDetail }) {
  const { report } = model;
  if (!report && model.history[0]?.origin)
    return <ImportedOnly model={model} missing="no held-out rows are known on which to judge it" />;
  if (!report)
    return (
      <Empty title="No report yet." commands={[`millwright train ${model.name}`]}>
        The stored ONNX file is scored through the serving runtime on held-out rows.
      </Empty>
    );
  const primary = report.metrics.find((m) => m.name === report.primary);
  return (
    <>
      <Card
        title={`Version ${report.version} on ${count(report.rows)} held-out rows`}
        aside="95 % intervals"
        flush
      >
        {report.split !== null && <p className="foot">{report.split}</p>}
        {primary && (report.baseline ?? report.champion) && (
          <p className="foot">
            {primary.title} {quantity(primary.value, primary.unit)}, against{" "}
            {[
              ...(report.champion
                ? [
                    `${quantity(report.champion.value, primary.unit)} of the champion then (${report.champion.name})`,
                  ]
                : []),
              ...(report.baseline
                ? [
                    `${quantity(report.baseline.value, primary.unit)} of the best trivial model (${report.baseline.name})`,
                  ]
                : []),
            ].join(" and ")}
            .
          </p>
        )}
        <table className="rows metrics-table">
          <thead>
            <tr>
              <th scope="col">Metric</th>
              <th scope="col" className="number">
                Value
              </th>
              <th scope="col">Interval</th>
              <th scope="col">Better</th>
            </tr>
          </thead>
          <tbody>
            {report.metrics.map((m) => (
              <tr key={m.name} className={m.name === report.primary ? "winner" : undefined}>
                <th scope="row">
                  {m.title}
                  {m.name === report.primary && <small>the model is chosen by this</small>}
                </th>
                <td className="number">
                  <b>{quantity(m.value, m.unit)}</b>
                </td>
                <td>
                  {m.low === null || m.high === null
                    ? "–"
                    : `${quantity(m.low, m.unit)} – ${quantity(m.high, m.unit)}`}
                </td>
                <td className="muted">{m.better}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Card>
      <Slices report={report} />
      {(report.calibration.length > 0 || report.confusion) && (
        <div className="columns">
          {report.calibration.length > 0 && (
            <Card title="Calibration" aside="promised against happened">
              <CalibrationChart bins={report.calibration} />
            </Card>
          )}
          {report.confusion && <Confusion confusion={report.confusion} />}
        </div>
      )}
    </>
  );
}

function Slices({ report }: { report: ReportSummary }) {
  if (report.slices.length === 0) return null;
  const shown = report.slices.slice(0, SHOWN_SLICES);
  const worse = report.slices.filter((s) => s.worse).length;
  const domainOf = (name: string) =>
    extent(
      report.slices
        .filter((s) => s.metric.name === name)
        .flatMap((s) => [s.metric.value, s.metric.low, s.metric.high, s.rest]),
      0.04,
    );
  return (
    <Card
      title="Slices, the worst first"
      aside={
        worse === 0 ? "none is significantly worse than the rest" : `${worse} worse than the rest`
      }
      flush
    >
      <div className="scroll">
        <table className="rows folds">
          <thead>
            <tr>
              <th scope="col">Slice</th>
              <th scope="col" className="number">
                Rows
              </th>
              <th scope="col" className="number">
                Value
              </th>
              <th scope="col" className="wide">
                Interval; the line marks all other rows
              </th>
              <th scope="col">Judged</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((s) => (
              <tr key={`${s.column}=${s.value}`}>
                <th scope="row">
                  <code>{s.column}</code> {s.value}
                  <small>{s.metric.title}</small>
                </th>
                <td className="number" data-label="Rows">
                  {count(s.rows)}
                </td>
                <td className="number" data-label="Value">
                  <b>{quantity(s.metric.value, s.metric.unit)}</b>
                </td>
                <td className="wide">
                  <IntervalBar metric={s.metric} domain={domainOf(s.metric.name)} mark={s.rest} />
                </td>
                <td>
                  {s.worse ? (
                    <Badge tone="bad">worse</Badge>
                  ) : (
                    <Badge tone="plain">like the rest</Badge>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {report.slices.length > SHOWN_SLICES && (
        <p className="foot muted">
          {report.slices.length - SHOWN_SLICES} more slices are not shown.
        </p>
      )}
    </Card>
  );
}

function Confusion({ confusion }: { confusion: NonNullable<ReportSummary["confusion"]> }) {
  const { classes, counts } = confusion;
  return (
    <Card title="What was said, what was true">
      <div className="scroll">
        <table className="confusion">
          <thead>
            <tr>
              <th scope="col">
                <span className="muted">true ↓ said →</span>
              </th>
              {classes.map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {counts.map((row, truth) => {
              const total = row.reduce((a, b) => a + b, 0);
              return (
                <tr key={classes[truth]}>
                  <th scope="row">{classes[truth]}</th>
                  {row.map((n, said) => (
                    <td
                      key={classes[said]}
                      className={said === truth ? "right" : n > 0 ? "wrong" : ""}
                    >
                      <b>{count(n)}</b>
                      <small>{total === 0 ? "–" : percent(n / total)}</small>
                    </td>
                  ))}
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </Card>
  );
}
