import type { ModelDetail, Shadow } from "@millwright/sdk/contract/models";
import type { Series } from "@millwright/sdk/contract/shapes";
import { api } from "../../api.ts";
import { SeriesChart } from "../../charts/series-chart.tsx";
import { Sparkline } from "../../charts/sparkline.tsx";
import { useLive } from "../../live.ts";
import { Link, pathTo } from "../../location.tsx";
import { Age } from "../../ui/age.tsx";
import { Badge } from "../../ui/badge.tsx";
import { Card } from "../../ui/card.tsx";
import { Empty } from "../../ui/empty.tsx";
import { Facts } from "../../ui/facts.tsx";
import { count, plural } from "../../ui/format.ts";
import { MetricValue } from "../../ui/metric-value.tsx";
import { IncidentCard } from "../monitoring/incident-card.tsx";
import { RunTable } from "../tracking/run-table.tsx";
import { IMPORTED } from "./imported.tsx";

/** What the model is doing at this moment. */
export function Now({ model }: { model: ModelDetail }) {
  return (
    <>
      {model.openIncidents.map((incident) => (
        <IncidentCard key={incident.id} incident={incident} withModel={false} />
      ))}
      {model.versions === 0 && model.lastRun?.error && (
        <div className="notice bad">
          <p>
            <b>The last training failed.</b> {model.lastRun.error}{" "}
            <Link to={pathTo.run(model.lastRun.id)}>See the run</Link>
          </p>
        </div>
      )}
      {model.versions === 0 ? (
        <Empty title="Nothing answers yet." commands={[`millwright train ${model.name}`]}>
          Training reads the data, races candidates under a time budget and keeps the best as
          version 1. It answers as soon as its gates allow it.
        </Empty>
      ) : (
        <div className="columns">
          <Champion model={model} />
          <Challenger model={model} />
        </div>
      )}
      {model.versions > 0 && <Watching model={model.name} />}
      {model.runs.length > 0 && (
        <Card title="Runs of this model" aside={<Link to={pathTo.runs()}>All runs</Link>} flush>
          <RunTable runs={model.runs} />
        </Card>
      )}
    </>
  );
}

function Champion({ model }: { model: ModelDetail }) {
  const { champion, route } = model;
  if (!champion)
    return (
      <Card title="Champion">
        <p>
          No version answers: none passed its gates.{" "}
          <Link to={pathTo.model(model.name, "versions")}>See the verdicts</Link>.
        </p>
      </Card>
    );
  return (
    <Card title="Champion" aside={<Badge tone="good">answers</Badge>}>
      <Facts
        of={[
          ["Version", <b key="v">v{champion.number}</b>],
          [
            "Trainer",
            champion.trainer !== IMPORTED
              ? champion.trainer
              : champion.metric
                ? "none: made elsewhere"
                : "none: imported, not judged",
          ],
          ...(champion.metric
            ? ([[champion.metric.title, <MetricValue key="m" metric={champion.metric} />]] as const)
            : []),
          ["Made", <Age key="a" at={champion.createdAt} />],
          [
            "Route",
            route ? (
              <Link key="r" to={pathTo.model(model.name, "serving")}>
                revision {route.revision}
              </Link>
            ) : (
              "not published yet"
            ),
          ],
          ...(model.split === null ? [] : ([["Requests", model.split]] as const)),
        ]}
      />
    </Card>
  );
}

function Challenger({ model }: { model: ModelDetail }) {
  const { challenger, shadow } = model;
  if (!challenger)
    return (
      <Card title="Challenger">
        <p className="muted">
          {model.dataset === null
            ? "None. A version that is imported next does not answer by itself: promote it, or give it a part of the requests."
            : "None. The next version that passes its gates answers in shadow first: it gets the same rows, callers do not see it, and it is promoted only on evidence."}
        </p>
      </Card>
    );
  return (
    <Card
      title="Challenger"
      aside={
        <Badge tone="live">{model.split === null || shadow ? "in shadow" : "answers a part"}</Badge>
      }
    >
      <Facts
        of={[
          ["Version", <b key="v">v{challenger.number}</b>],
          ["Trainer", challenger.trainer],
          ...(challenger.metric
            ? ([
                [challenger.metric.title, <MetricValue key="m" metric={challenger.metric} />],
              ] as const)
            : []),
          ["Made", <Age key="a" at={challenger.createdAt} />],
        ]}
      />
      {shadow && <ShadowState shadow={shadow} />}
    </Card>
  );
}

/** An e-value of 20 decides: the evidence is shown on its logarithm, where equal steps are equal evidence. */
function ShadowState({ shadow }: { shadow: Shadow }) {
  const evidence =
    shadow.eValue === null ? 0 : Math.max(0, Math.min(1, Math.log(shadow.eValue) / Math.log(20)));
  return (
    <div className="shadow">
      <label>
        <span>
          Labelled rows both answered: {count(shadow.pairs)} of {count(shadow.needed)} needed
        </span>
        <progress max={shadow.needed} value={Math.min(shadow.pairs, shadow.needed)} />
      </label>
      <label>
        <span>
          Evidence that it is better:{" "}
          {shadow.eValue === null ? "none yet" : `e-value ${shadow.eValue.toPrecision(3)} of 20`}
        </span>
        <progress max={1} value={evidence} />
      </label>
      <p>{shadow.text}</p>
    </div>
  );
}

function Watching({ model }: { model: string }) {
  const live = useLive(`windows ${model}`, () => api.windows({ model }));
  const series = live.data?.series.filter((s) => s.points.length > 0) ?? [];
  const [main, ...others] = series;
  if (live.error && !live.data)
    return (
      <Card title="Watching">
        <p className="bad-text">{live.error.message}</p>
      </Card>
    );
  if (!main)
    return (
      <Card title="Watching">
        <p className="muted">
          {live.data
            ? "No window of predictions has been judged yet. Each window is compared with what the model was trained on; performance appears when labels arrive."
            : "Loading…"}
        </p>
      </Card>
    );
  const ranked = [...others].sort(
    (a, b) =>
      Number(b.points.at(-1)?.alarm) - Number(a.points.at(-1)?.alarm) ||
      alarmsIn(b.points) - alarmsIn(a.points),
  );
  return (
    <Card title="Watching" aside={main.title}>
      <SeriesChart series={main} />
      {ranked.length > 0 && (
        <ul className="series">
          {ranked.slice(0, 24).map((s) => (
            <li key={`${s.kind} ${s.name}`}>
              <span>
                <b>{s.title}</b>
                <small className={s.points.at(-1)?.alarm ? "bad-text" : undefined}>
                  {s.kind} · {standing(s.points)}
                </small>
              </span>
              {s.points.some((p) => p.value !== null) && <Sparkline series={s} />}
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

const alarmsIn = (points: readonly { readonly alarm: boolean }[]): number =>
  points.filter((p) => p.alarm).length;

function standing(points: Series["points"]): string {
  if (points.every((p) => p.value === null)) return "too few rows to say";
  if (points.at(-1)?.alarm) return "out of bounds now";
  const alarms = alarmsIn(points);
  return alarms === 0 ? "no alarm" : plural(alarms, "alarm");
}
