import type { ModelDetail } from "@millwright/sdk/contract/models";
import type { RouteRevisionView, RouteView } from "@millwright/sdk/contract/routing";
import { api } from "../../api.ts";
import { useLive } from "../../live.ts";
import { Link, pathTo } from "../../location.tsx";
import { Age } from "../../ui/age.tsx";
import { Badge } from "../../ui/badge.tsx";
import { Card } from "../../ui/card.tsx";
import { Command } from "../../ui/command.tsx";
import { Empty } from "../../ui/empty.tsx";
import { duration } from "../../ui/format.ts";
import { NotJudged } from "../registry/imported.tsx";
import { RouteActions } from "./route-actions.tsx";
import { RouteHistory } from "./route-history.tsx";
import { SplitCard } from "./split-card.tsx";
import { Traffic } from "./traffic.tsx";

/** The arms of a split are counted from the log each time. */
const ROUTE_EVERY_MS = 10_000;

/** Who answers, in which shares, how each does, who stands in, and what was asked. */
export function Serving({ model, refresh }: { model: ModelDetail; refresh: () => void }) {
  const { name } = model;
  const live = useLive(`route ${name}`, () => routeOf(name), ROUTE_EVERY_MS);
  const changed = () => {
    live.refresh();
    refresh();
  };
  if (!live.data)
    return live.error === undefined ? (
      <p className="loading" role="status">
        Loading…
      </p>
    ) : (
      <Empty title="The route could not be shown.">{live.error.message}</Empty>
    );
  const { route, revisions } = live.data;
  return (
    <>
      {route === null ? (
        <Empty
          title={revisions.length === 0 ? "Nothing is served yet." : "It is not served any more."}
          commands={[`millwright train ${name}`, `millwright route ${name} --fallback <model>`]}
        >
          A route begins with the first version that is promoted, or with a model that stands in.
        </Empty>
      ) : (
        <>
          <Answering model={model} route={route} changed={changed} />
          {route.split !== null && <SplitCard split={route.split} />}
        </>
      )}
      <Traffic model={model} />
      {revisions.length > 0 && (
        <RouteHistory model={name} revisions={revisions} served={route} changed={changed} />
      )}
    </>
  );
}

/** The history is there for every model, the route only for one that is served. */
async function routeOf(
  model: string,
): Promise<{ route: RouteView | null; revisions: readonly RouteRevisionView[] }> {
  const { revisions } = await api.routeHistory({ model, limit: 50 });
  const [last] = revisions;
  const served = last !== undefined && (last.champion !== null || last.fallback.length > 0);
  return { revisions, route: served ? await api.route({ model }) : null };
}

function Answering({
  model,
  route,
  changed,
}: {
  model: ModelDetail;
  route: RouteView;
  changed: () => void;
}) {
  const { champion, shadow, fallback, deadlineMs, split } = route;
  const share = split?.arms.find((arm) => arm.variant === "champion")?.share;
  const champions = model.history.find((version) => version.number === champion);
  return (
    <Card
      title="Who answers"
      aside={
        <>
          revision {route.revision}, <Age at={route.changedAt} />
        </>
      }
    >
      <ol className="chain">
        {champion !== null && (
          <li>
            <b>Version {champion}</b>
            <span>
              <Badge tone="good">champion</Badge>
            </span>
            <small>
              {share === undefined ? "answers everything" : `answers ${whole(share)} of requests`}
            </small>
          </li>
        )}
        {split?.arms
          .filter((arm) => arm.variant !== "champion")
          .map((arm) => (
            <li key={arm.versionId}>
              <b>Version {arm.version}</b>
              <span>
                <Badge tone="live">{arm.variant}</Badge>
              </span>
              <small>answers {whole(arm.share)} of requests</small>
            </li>
          ))}
        {shadow !== null && (
          <li>
            <b>Version {shadow}</b>
            <span>
              <Badge tone="plain">shadow</Badge>
            </span>
            <small>same rows, unseen by callers</small>
          </li>
        )}
        {fallback.map((other, i) => (
          <li key={other}>
            <b>
              <Link to={pathTo.model(other, "serving")}>{other}</Link>
            </b>
            <span>
              <Badge tone="plain">{i === 0 ? "fallback" : `fallback ${i + 1}`}</Badge>
            </span>
            <small>
              {i === 0
                ? `when ${champion === null ? "asked" : "it cannot answer"}${deadlineMs === null ? "" : `, or not within ${duration(deadlineMs)}`}`
                : `when ${fallback[i - 1]} cannot`}
            </small>
          </li>
        ))}
      </ol>
      {fallback.length === 0 && deadlineMs === null && (
        <p className="muted">No fallback and no deadline: what cannot be answered is an error.</p>
      )}
      {fallback.length === 0 && deadlineMs !== null && (
        <p className="muted">
          The deadline of {duration(deadlineMs)} has no effect without a fallback: late is better
          than nothing.
        </p>
      )}
      {champions?.origin && (
        <p>
          <NotJudged /> Version {champion} came from <code>{champions.origin.file}</code>; no gate
          has seen it.
        </p>
      )}
      {champion !== null && <RouteActions model={model} route={route} changed={changed} />}
      <p className="same">
        <span>The same from a terminal</span>
        <Command text={`millwright route ${model.name}`} />
      </p>
    </Card>
  );
}

const whole = (share: number): string => `${Number((100 * share).toPrecision(3))} %`;
