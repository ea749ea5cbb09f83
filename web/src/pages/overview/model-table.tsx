import type { ModelSummary } from "@millwright/sdk/contract/models";
import { Sparkline } from "../../charts/sparkline.tsx";
import { Link, pathTo } from "../../location.tsx";
import { Age } from "../../ui/age.tsx";
import { Badge } from "../../ui/badge.tsx";
import { Command } from "../../ui/command.tsx";
import { MetricValue } from "../../ui/metric-value.tsx";
import { IMPORTED } from "../registry/imported.tsx";
import type { Health } from "./health.ts";

/** One model a row on wide screens, one a card on narrow ones. */
export function ModelTable({
  rows,
}: {
  rows: readonly { readonly model: ModelSummary; readonly health: Health }[];
}) {
  return (
    <table className="rows folds models">
      <thead>
        <tr>
          <th scope="col">Model</th>
          <th scope="col" className="wide">
            State
          </th>
          <th scope="col">Champion</th>
          <th scope="col">Watched</th>
          <th scope="col">Last run</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ model, health }) => (
          <tr key={model.name}>
            <th scope="row">
              <Link to={pathTo.model(model.name)}>{model.name}</Link>
              <small>
                {model.task === null ? "not trained" : model.task}
                {model.target !== null && (
                  <>
                    {" · "}
                    <code>{model.target}</code>
                  </>
                )}
              </small>
            </th>
            <td className="wide">
              <Badge tone={health.tone}>{health.state}</Badge>
              <small>{health.why}</small>
              {health.command !== undefined && <Command text={health.command} />}
            </td>
            <td data-label="Champion">
              {model.champion === null ? (
                <span className="muted">none</span>
              ) : (
                <>
                  <span className="version">
                    v{model.champion.number} <span className="muted">{model.champion.trainer}</span>
                  </span>
                  {model.champion.metric && <MetricValue metric={model.champion.metric} named />}
                  {model.champion.trainer === IMPORTED && !model.champion.metric && (
                    <small>not judged</small>
                  )}
                </>
              )}
            </td>
            <td data-label="Watched">
              {model.monitored === null || model.monitored.points.length === 0 ? (
                <span className="muted">no window yet</span>
              ) : (
                <span className="watched">
                  <Sparkline series={model.monitored} />
                  <small>{model.monitored.title}</small>
                </span>
              )}
            </td>
            <td data-label="Last run">
              {model.lastRun === null ? (
                <span className="muted">never</span>
              ) : (
                <>
                  <Link to={pathTo.run(model.lastRun.id)}>{model.lastRun.pipeline}</Link>
                  <small>
                    {model.lastRun.state}, <Age at={model.lastRun.createdAt} />
                  </small>
                </>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
