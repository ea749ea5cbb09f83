import type { ModelSummary } from "@millwright/sdk/contract/models";
import type { Status } from "@millwright/sdk/contract/runs";
import { useState } from "react";
import { api } from "../../api.ts";
import { useLive } from "../../live.ts";
import { Link, pathTo } from "../../location.tsx";
import { Card } from "../../ui/card.tsx";
import { Command } from "../../ui/command.tsx";
import { Empty } from "../../ui/empty.tsx";
import { plural } from "../../ui/format.ts";
import { Page, Pending } from "../../ui/page.tsx";
import { IncidentCard } from "../monitoring/incident-card.tsx";
import { RunTable } from "../tracking/run-table.tsx";
import { healthOf } from "./health.ts";
import { ModelTable } from "./model-table.tsx";

const FILTER_FROM = 8;
const SHOWN_AT_ONCE = 100;
const SHOWN_INCIDENTS = 3;

/** Is anything wrong, why, what should I do. */
export function OverviewPage() {
  const live = useLive("models", () => api.models({}));
  const status = useLive("status", () => api.status({})).data;
  const recent = useLive("recent runs", () => api.runs({ limit: 6 })).data;
  if (!live.data) return <Pending live={live} title="Overview" />;
  const { models } = live.data;
  const incidents = models.flatMap((m) => m.openIncidents).sort((a, b) => b.openedAt - a.openedAt);
  if (models.length === 0) return <FirstSteps />;
  return (
    <Page title={headline(models)} lead={summary(models, status)}>
      <div className="stack">
        <Platform status={status} />
        {incidents.slice(0, SHOWN_INCIDENTS).map((incident) => (
          <IncidentCard key={incident.id} incident={incident} withModel />
        ))}
        {incidents.length > SHOWN_INCIDENTS && (
          <Link to={pathTo.incidents()}>
            {plural(incidents.length - SHOWN_INCIDENTS, "more open incident")}
          </Link>
        )}
        <Models models={models} />
        {recent !== undefined && recent.runs.length > 0 && (
          <Card title="Recent runs" aside={<Link to={pathTo.runs()}>All runs</Link>} flush>
            <RunTable runs={recent.runs} />
          </Card>
        )}
      </div>
    </Page>
  );
}

function Models({ models }: { models: readonly ModelSummary[] }) {
  const [wanted, setWanted] = useState("");
  const [limit, setLimit] = useState(SHOWN_AT_ONCE);
  const found = models.filter((m) => m.name.toLowerCase().includes(wanted.toLowerCase()));
  const rank = { bad: 0, warn: 1, live: 2, plain: 3, good: 4 } as const;
  const sorted = found
    .map((model) => ({ model, health: healthOf(model) }))
    .sort((a, b) => rank[a.health.tone] - rank[b.health.tone]);
  return (
    <Card
      title="Models"
      aside={
        models.length >= FILTER_FROM && (
          <input
            type="search"
            aria-label="Filter models by name"
            placeholder="Filter by name"
            value={wanted}
            onChange={(event) => setWanted(event.target.value)}
          />
        )
      }
      flush
    >
      <ModelTable rows={sorted.slice(0, limit)} />
      {sorted.length === 0 && <Empty title={`No model has “${wanted}” in its name.`} />}
      {sorted.length > limit && (
        <p className="more">
          <button type="button" className="button" onClick={() => setLimit(limit + SHOWN_AT_ONCE)}>
            Show {Math.min(SHOWN_AT_ONCE, sorted.length - limit)} more of {sorted.length}
          </button>
        </p>
      )}
    </Card>
  );
}

function Platform({ status }: { status: Status | undefined }) {
  if (status === undefined) return null;
  return (
    <>
      {!status.worker && (
        <div className="notice warn">
          <p>
            No worker is running, so queued runs wait
            {status.activeRuns > 0 && ` (${plural(status.activeRuns, "run")} now)`}. Start one:
          </p>
          <Command text="millwright up" />
        </div>
      )}
      {status.gateway !== null && !status.gateway.ready && (
        <div className="notice warn">
          <p>
            The gateway at <code>{status.gateway.url}</code> is not ready: predictions are not
            answered. It becomes ready when a model has a champion; otherwise look for the reason:
          </p>
          <Command text="millwright doctor" />
        </div>
      )}
      {status.gateway?.logFull && (
        <div className="notice bad">
          <p>
            <b>The disk of the prediction log is full.</b> Predictions are refused, or answered and
            not kept, as the gateway was told. It goes on by itself when there is space:
          </p>
          <Command text="millwright doctor" />
        </div>
      )}
    </>
  );
}

const FirstSteps = () => (
  <Page title="Nothing to watch yet" lead="This project has no model. Three commands make one.">
    <Empty
      title="From a file to a watched endpoint"
      commands={[
        "millwright init data.csv --target column",
        "millwright train",
        "millwright status",
      ]}
    >
      <code>init</code> reads a sample of your file and writes a small project you can edit;{" "}
      <code>train</code> races candidates and serves the best one if its gates allow it. Or watch
      the whole story on real data with <code>millwright demo</code>.
    </Empty>
  </Page>
);

function headline(models: readonly ModelSummary[]): string {
  const healths = models.map(healthOf);
  const bad = healths.filter((h) => h.tone === "bad").length;
  const warn = healths.filter((h) => h.tone === "warn").length;
  if (bad > 0) return `${plural(bad, "model")} ${bad === 1 ? "needs" : "need"} attention`;
  if (warn > 0) return `${plural(warn, "model")} could do better`;
  return "Nothing is wrong";
}

function summary(models: readonly ModelSummary[], status: Status | undefined): string {
  const serving = models.filter((m) => m.champion !== null).length;
  const shadow = models.filter((m) => m.challenger !== null && m.split === null).length;
  const divided = models.filter((m) => m.split !== null).length;
  return [
    models.length === 1
      ? `The model ${serving === 1 ? "answers" : "does not answer yet"}`
      : `${serving} of ${plural(models.length, "model")} ${serving === 1 ? "answers" : "answer"}`,
    ...(divided > 0 ? [`${plural(divided, "split")} running`] : []),
    ...(shadow > 0 ? [`${plural(shadow, "challenger")} in shadow`] : []),
    ...(status ? [`${plural(status.activeRuns, "run")} under way`] : []),
  ].join(" · ");
}
