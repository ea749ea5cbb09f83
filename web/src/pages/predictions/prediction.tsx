import type { ModelDetail } from "@millwright/sdk/contract/models";
import type { PredictionDetail } from "@millwright/sdk/contract/predictions";
import { api } from "../../api.ts";
import { useLive } from "../../live.ts";
import { Link, pathTo } from "../../location.tsx";
import { Age } from "../../ui/age.tsx";
import { Badge } from "../../ui/badge.tsx";
import { Card } from "../../ui/card.tsx";
import { Command } from "../../ui/command.tsx";
import { Empty } from "../../ui/empty.tsx";
import { Facts } from "../../ui/facts.tsx";
import { chance, instant, millis } from "../../ui/format.ts";
import { Chances } from "./chances.tsx";
import { probabilitiesOf, saidOf } from "./said.ts";
import { useInputs } from "./use-inputs.ts";
import { Why } from "./why.tsx";

/** One logged prediction: the row, what was said, by whom, why, and what came of it. */
export function Prediction({ model, id }: { model: ModelDetail; id: string }) {
  const { name } = model;
  const live = useLive(
    `prediction ${name} ${id}`,
    () => api.prediction({ model: name, id }),
    10_000,
  );
  const classes = useInputs(model).data?.classes ?? [];
  const back = (
    <p>
      <Link to={pathTo.model(name, "predictions") + location.search}>← All predictions</Link>
    </p>
  );
  if (!live.data)
    return (
      <>
        {back}
        {live.error === undefined ? (
          <p className="loading" role="status">
            Loading…
          </p>
        ) : (
          <Empty title="This prediction could not be shown.">{live.error.message}</Empty>
        )}
      </>
    );
  return (
    <>
      {back}
      <div className="columns">
        <Said model={model} prediction={live.data} classes={classes} />
        <Reasons model={model} prediction={live.data} />
      </div>
      <Row inputs={live.data.inputs} />
      {live.data.beside.length > 0 && <Beside prediction={live.data} classes={classes} />}
      <p className="same">
        <span>The same from a terminal</span>
        <Command text={`millwright predictions ${name} --id ${id}`} />
      </p>
    </>
  );
}

function Said({
  model,
  prediction,
  classes,
}: {
  model: ModelDetail;
  prediction: PredictionDetail;
  classes: readonly string[];
}) {
  const { abstained, truth, version, variant, key, output } = prediction;
  const said = saidOf(prediction, classes);
  return (
    <Card title="What was said" aside={<Age at={prediction.at} />}>
      <p className="said">
        {model.target !== null && <small>{model.target}</small>}
        {abstained ? <Badge tone="warn">it said nothing</Badge> : <b>{said.label}</b>}
      </p>
      {abstained && (
        <p>
          It leaned to {said.label}
          {said.sure !== null && ` (${chance(said.sure)})`}, which was too uncertain to say.
        </p>
      )}
      {classes.length > 0 && <Chances of={probabilitiesOf(output, classes)} />}
      <Facts
        of={[
          [
            "Truth",
            truth === null ? (
              <span key="t" className="muted">
                not known yet
              </span>
            ) : (
              <span key="t">
                {String(truth.label)}, said <Age at={truth.at} />
              </span>
            ),
          ],
          [
            "Answered by",
            `${version === null ? "another model" : `version ${version}`}, ${variant}`,
          ],
          ["Key", key === null ? "none" : <code key="k">{key}</code>],
          ["Asked, UTC", instant(prediction.at)],
          ["The row's own time", instant(prediction.eventTime)],
          ["Took", millis(prediction.latencyMs)],
          ["Id", <code key="i">{prediction.id}</code>],
        ]}
      />
    </Card>
  );
}

/** Asked for once: the version is loaded to answer it. */
function Reasons({ model, prediction }: { model: ModelDetail; prediction: PredictionDetail }) {
  const { id } = prediction;
  const live = useLive(
    `why ${model.name} ${id}`,
    () =>
      api.whySaid({ model: model.name, id }).then(
        (why) => ({ why }),
        (error: Error) => ({ error: error.message }),
      ),
    Number.POSITIVE_INFINITY,
  );
  const found = live.data;
  return (
    <Card
      title="Why"
      aside={
        found !== undefined &&
        "why" in found &&
        `by ${found.why.version.model === model.name ? "" : `${found.why.version.model} `}version ${found.why.version.number}`
      }
    >
      {found === undefined ? (
        <p className="loading" role="status">
          Asking the model…
        </p>
      ) : "why" in found ? (
        <Why
          explanation={found.why.explanation}
          reasons={found.why.reasons}
          target={found.why.target}
        />
      ) : (
        <p className="muted">There is no explanation: {found.error}</p>
      )}
    </Card>
  );
}

function Row({ inputs }: { inputs: PredictionDetail["inputs"] }) {
  const columns = Object.entries(inputs);
  return (
    <Card title="The row as it was sent">
      {columns.length === 0 ? (
        <p className="muted">No column was sent.</p>
      ) : (
        <dl className="inputs">
          {columns.map(([column, value]) => (
            <div key={column}>
              <dt>
                <code>{column}</code>
              </dt>
              <dd>
                {value === null || value === "" ? (
                  <span className="muted">missing</span>
                ) : (
                  <Value text={typeof value === "string" ? value : JSON.stringify(value)} />
                )}
              </dd>
            </div>
          ))}
        </dl>
      )}
    </Card>
  );
}

const LONG = 280;

const Value = ({ text }: { text: string }) =>
  text.length <= LONG ? (
    <span className="prewrap">{text}</span>
  ) : (
    <details>
      <summary>{text.slice(0, LONG)}…</summary>
      <pre className="prewrap">{text}</pre>
    </details>
  );

/** A shadow's answers: nobody saw them. */
function Beside({
  prediction,
  classes,
}: {
  prediction: PredictionDetail;
  classes: readonly string[];
}) {
  return (
    <Card title="What ran beside it, unseen by callers">
      <ul className="moves">
        {prediction.beside.map((other) => {
          const said = saidOf(other, classes);
          return (
            <li key={other.versionId}>
              <p className="move">
                <b>{other.version === null ? "Another model" : `Version ${other.version}`}</b>
                <Badge tone="plain">{other.variant}</Badge>
                {other.abstained ? "would have said nothing" : said.label}
                {said.sure !== null && <span className="muted">{chance(said.sure)}</span>}
                <span className="muted">{millis(other.latencyMs)}</span>
              </p>
            </li>
          );
        })}
      </ul>
    </Card>
  );
}
