import type { ModelDetail } from "@millwright/sdk/contract/models";
import type { PredictionView } from "@millwright/sdk/contract/predictions";
import { api } from "../../api.ts";
import { useLive } from "../../live.ts";
import { Link, pathTo, useQuery, withQuery } from "../../location.tsx";
import { Badge } from "../../ui/badge.tsx";
import { Card } from "../../ui/card.tsx";
import { Command } from "../../ui/command.tsx";
import { Empty } from "../../ui/empty.tsx";
import { chance, instant, millis } from "../../ui/format.ts";
import { Filters } from "./filters.tsx";
import { saidOf } from "./said.ts";
import { useInputs } from "./use-inputs.ts";

const PAGE = 50;
/** The log is read each time. */
const EVERY_MS = 5000;

type Query = Parameters<typeof api.predictions>[0];

/** The prediction log, newest first, a page at a time. */
export function Predictions({ model }: { model: ModelDetail }) {
  const query = useQuery();
  const classes = useInputs(model).data?.classes ?? [];
  const wanted = wantedIn(query);
  const live = useLive(
    `predictions ${model.name} ${JSON.stringify(wanted)}`,
    () => api.predictions({ model: model.name, ...wanted }),
    query.has("cursor") ? Number.POSITIVE_INFINITY : EVERY_MS,
  );
  const shown = live.data?.predictions ?? [];
  const next = live.data?.next ?? null;
  return (
    <>
      <Filters versions={model.history.map((version) => version.number)} labels={classes} />
      {live.data === undefined ? (
        <p className={live.error ? "bad-text" : "loading"} role="status">
          {live.error?.message ?? "Loading…"}
        </p>
      ) : shown.length === 0 ? (
        <None model={model} query={query} />
      ) : (
        <Card
          title={query.has("cursor") ? "Older predictions" : "Newest predictions"}
          aside="times in UTC"
          flush
        >
          <div className="scroll">
            <table className="rows folds log">
              <thead>
                <tr>
                  <th scope="col">Time</th>
                  <th scope="col">Said</th>
                  <th scope="col">Version</th>
                  <th scope="col">Key</th>
                  <th scope="col">Truth</th>
                  <th scope="col" className="number">
                    Took
                  </th>
                </tr>
              </thead>
              <tbody>
                {shown.map((prediction) => (
                  <Row
                    key={`${prediction.id} ${prediction.versionId}`}
                    model={model.name}
                    prediction={prediction}
                    classes={classes}
                  />
                ))}
              </tbody>
            </table>
          </div>
          <p className="foot pages">
            {query.has("cursor") && <Link to={withQuery({ cursor: undefined })}>Newest</Link>}
            {next === null ? (
              <span className="muted">These are the oldest.</span>
            ) : (
              <Link to={withQuery({ cursor: next })}>Older</Link>
            )}
          </p>
        </Card>
      )}
      {shown.length > 0 && (
        <p className="same">
          <span>The same from a terminal</span>
          <Command text={commandFor(model.name, query)} />
        </p>
      )}
    </>
  );
}

function Row({
  model,
  prediction,
  classes,
}: {
  model: string;
  prediction: PredictionView;
  classes: readonly string[];
}) {
  const { id, at, key, version, variant, abstained, truth, latencyMs, label } = prediction;
  const said = saidOf(prediction, classes);
  const wrong = truth !== null && classes.length > 0 && String(truth.label) !== String(label);
  return (
    <tr>
      <th scope="row">
        <Link to={`${pathTo.prediction(model, id)}${location.search}`}>{instant(at)}</Link>
      </th>
      <td data-label="Said">
        {abstained ? (
          <>
            <Badge tone="warn">said nothing</Badge>
            <small>
              leaned to {said.label}
              {said.sure !== null && `, ${chance(said.sure)}`}
            </small>
          </>
        ) : (
          <>
            <b>{said.label}</b>
            {said.sure !== null && <span className="muted"> {chance(said.sure)}</span>}
          </>
        )}
      </td>
      <td data-label="Version">
        {version === null ? "another model's" : `v${version}`}{" "}
        <span className="muted">{variant}</span>
      </td>
      <td data-label="Key">
        {key === null ? <span className="muted">none</span> : <code>{key}</code>}
      </td>
      <td data-label="Truth">
        {truth === null ? (
          <span className="muted">not known</span>
        ) : classes.length === 0 ? (
          String(truth.label)
        ) : (
          <Badge tone={wrong ? "bad" : "good"}>
            {String(truth.label)}, {wrong ? "wrong" : "right"}
          </Badge>
        )}
      </td>
      <td className="number" data-label="Took">
        {millis(latencyMs)}
      </td>
    </tr>
  );
}

function None({ model, query }: { model: ModelDetail; query: URLSearchParams }) {
  const asked = [...query.keys()].length > 0;
  return asked ? (
    <Empty title="No prediction is like that.">
      Times are those of the rows, in UTC. Take a filter out, or{" "}
      <Link to={pathTo.model(model.name, "predictions")}>see all of them</Link>.
    </Empty>
  ) : (
    <Empty
      title="Nothing was predicted yet."
      commands={[`millwright predict ${model.name} name=value …`]}
    >
      Every answer of the gateway is kept with its row, by whom it was answered, and what came of
      it. Or <Link to={pathTo.model(model.name, "try")}>try it here</Link>, which keeps nothing.
    </Empty>
  );
}

function wantedIn(query: URLSearchParams): Omit<Query, "model"> {
  const get = (name: string) => query.get(name) || undefined;
  const time = (name: string) => {
    const text = get(name);
    return text === undefined ? undefined : `${text}Z`;
  };
  const given = {
    ...{ version: get("version"), variant: get("variant"), label: get("label") },
    ...{ abstained: get("abstained"), withTruth: get("truth"), key: get("key") },
    ...{ from: time("from"), to: time("to"), cursor: get("cursor") },
  };
  return { ...(given as Partial<Query>), limit: PAGE };
}

function commandFor(model: string, query: URLSearchParams): string {
  const option = (name: string, as: string) => {
    const value = query.get(name);
    return value ? [`--${as}`, /^[\w.:-]+$/.test(value) ? value : JSON.stringify(value)] : [];
  };
  return [
    ...["millwright predictions", model, ...option("version", "of-version")],
    ...[...option("variant", "variant"), ...option("label", "label"), ...option("key", "key")],
    ...(query.get("abstained") === "true" ? ["--abstained"] : []),
    ...(query.get("truth") === "true" ? ["--with-truth"] : []),
    ...[...option("from", "since"), ...option("to", "until")],
  ].join(" ");
}
