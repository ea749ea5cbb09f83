import type { ModelDetail } from "@millwright/sdk/contract/models";
import type { ModelInputs, Tried } from "@millwright/sdk/contract/trying";
import { type FormEvent, useState } from "react";
import { api } from "../../api.ts";
import { go, Link, useQuery, withQuery } from "../../location.tsx";
import { Badge } from "../../ui/badge.tsx";
import { Card } from "../../ui/card.tsx";
import { Command } from "../../ui/command.tsx";
import { Empty } from "../../ui/empty.tsx";
import { Field } from "../../ui/field.tsx";
import { figure, percent } from "../../ui/format.ts";
import { Chances } from "./chances.tsx";
import { type Entered, enteredOf, RowForm, rowOf, type SentRow } from "./row-form.tsx";
import { useInputs } from "./use-inputs.ts";
import { Why } from "./why.tsx";

/** More columns than anybody fills in. */
const MOST_FIELDS = 60;

/** A row of one's own: what any version says about it, and why. Nothing is logged. */
export function TryIt({ model }: { model: ModelDetail }) {
  const named = useQuery().get("version") ?? undefined;
  const live = useInputs(model, named);
  // Kept when another version is asked the same.
  const fields = useState<Entered>({});
  const json = useState("{}");
  if (model.versions === 0)
    return (
      <Empty title="There is no version to ask." commands={[`millwright train ${model.name}`]}>
        As soon as one is made it can be asked here, whether it answers callers or not.
      </Empty>
    );
  if (!live.data)
    return live.error === undefined ? (
      <p className="loading" role="status">
        Loading…
      </p>
    ) : (
      <Empty title="The columns could not be shown.">{live.error.message}</Empty>
    );
  return <Asking model={model} inputs={live.data} fields={fields} json={json} />;
}

type State<T> = readonly [T, (value: T) => void];

function Asking({
  model,
  inputs,
  fields: [entered, setEntered],
  json: [text, setText],
}: {
  model: ModelDetail;
  inputs: ModelInputs;
  fields: State<Entered>;
  json: State<string>;
}) {
  const { columns, version } = inputs;
  const asJson = useQuery().get("as") === "json" || columns.length > MOST_FIELDS;
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string>();
  const [tried, setTried] = useState<Tried>();

  const row = (): SentRow => {
    if (!asJson) return rowOf(columns, entered);
    try {
      return JSON.parse(text) as SentRow;
    } catch (thrown) {
      throw new Error(`This is no JSON: ${(thrown as Error).message}`);
    }
  };
  const doing = async (act: () => Promise<void>) => {
    setBusy(true);
    setError(undefined);
    try {
      await act();
    } catch (thrown) {
      setTried(undefined);
      setError((thrown as Error).message);
    } finally {
      setBusy(false);
    }
  };
  const ask = (event: FormEvent) => {
    event.preventDefault();
    void doing(async () => {
      setTried(
        await api.tryRow({ model: model.name, version: String(version.number), row: row() }),
      );
    });
  };
  const fill = () =>
    doing(async () => {
      const { predictions } = await api.predictions({ model: model.name, limit: 1 });
      const [newest] = predictions;
      if (!newest) throw new Error("The log has no row yet.");
      const { inputs: sent } = await api.prediction({ model: model.name, id: newest.id });
      setEntered(enteredOf(columns, sent));
      setText(JSON.stringify(sent, null, 2));
    });

  return (
    <div className="trying">
      <Card
        title="A row"
        aside={
          columns.length <= MOST_FIELDS && (
            <nav className="chips" aria-label="How to write it">
              <Link to={withQuery({ as: undefined })} aria-current={asJson ? undefined : "true"}>
                Fields
              </Link>
              <Link to={withQuery({ as: "json" })} aria-current={asJson ? "true" : undefined}>
                JSON
              </Link>
            </nav>
          )
        }
      >
        <form className="asking" onSubmit={ask}>
          <Field label="Ask version">
            <select
              value={version.number}
              onChange={(event) => go(withQuery({ version: event.target.value }))}
            >
              {model.history.map(({ number, aliases, trainer }) => (
                <option key={number} value={number}>
                  {[`version ${number}`, trainer, ...aliases].join(", ")}
                </option>
              ))}
            </select>
          </Field>
          {asJson ? (
            <Field label="The row, as JSON">
              <textarea
                className="json"
                rows={Math.min(16, columns.length + 4)}
                spellCheck={false}
                value={text}
                onChange={(event) => setText(event.target.value)}
              />
            </Field>
          ) : (
            <RowForm columns={columns} entered={entered} change={setEntered} />
          )}
          {error !== undefined && (
            <p className="failure" role="alert">
              {error}
            </p>
          )}
          <div className="buttons">
            <button type="submit" className="button primary" disabled={busy}>
              {busy ? "Asking…" : "Ask"}
            </button>
            <button type="button" className="button" disabled={busy} onClick={() => void fill()}>
              Fill in the newest logged row
            </button>
          </div>
          <p className="muted">
            What is left empty is missing. The answer is computed here: it is not logged and counts
            nowhere.
          </p>
        </form>
      </Card>
      <div className="stack" aria-live="polite">
        {tried === undefined ? (
          <Card title="Answer">
            <p className="muted">
              Fill in some columns and ask: the answer, how sure it is, and what each column added
              to it appear here.
            </p>
          </Card>
        ) : (
          <Answer model={model} tried={tried} />
        )}
        <p className="same">
          <span>The same from a terminal</span>
          <Command text={commandFor(model, version.number, asJson ? undefined : entered)} />
        </p>
      </div>
    </div>
  );
}

function Answer({ model, tried }: { model: ModelDetail; tried: Tried }) {
  const { prediction, target, version, unexplained } = tried;
  const { label, abstained, probabilities, value, set, interval, outputs, explanation } =
    prediction;
  const rule = model.history.find(({ number }) => number === version.number)?.abstain;
  return (
    <>
      <Card title="Answer" aside={`version ${version.number}`}>
        <p className="said">
          <small>{target}</small>
          {abstained ? (
            <Badge tone="warn">it says nothing</Badge>
          ) : (
            <b>{value === undefined ? String(label ?? "see its outputs") : figure(value)}</b>
          )}
        </p>
        {interval !== undefined && (
          <p>
            Between {figure(interval[0])} and {figure(interval[1])}
            {rule && ` in at least ${percent(rule.promise)} of the cases`}.
          </p>
        )}
        {abstained && <p>{whySilent(set, rule)}</p>}
        {probabilities !== undefined && (
          <Chances of={Object.entries(probabilities).sort((a, b) => b[1] - a[1])} set={set} />
        )}
        {outputs !== undefined && <pre>{JSON.stringify(outputs, null, 1)}</pre>}
      </Card>
      <Card title="Why">
        {explanation === undefined ? (
          <p className="muted">There is no explanation: {unexplained}</p>
        ) : (
          <Why explanation={explanation} reasons={prediction.reasons ?? []} target={target} />
        )}
      </Card>
    </>
  );
}

type Rule = ModelDetail["history"][number]["abstain"];

function whySilent(set: readonly string[] | undefined, rule: Rule | undefined): string {
  if (set === undefined)
    return `Too uncertain${rule ? `: what it says is to be right in at least ${percent(rule.promise)} of the cases` : ""}.`;
  const coverage = rule ? ` at ${percent(rule.promise)} coverage` : "";
  return set.length === 0
    ? `This row is unlike what it was tested on: no class is left${coverage}.`
    : `It may be ${set.join(" or ")}${coverage}.`;
}

const MOST_WRITTEN = 60;

function commandFor(model: ModelDetail, version: number, entered: Entered | undefined): string {
  const champion = model.champion?.number === version ? "" : ` --with ${version}`;
  const fields = Object.entries(entered ?? {}).filter(([, value]) => value.trim() !== "");
  if (entered === undefined || fields.some(([, value]) => value.length > MOST_WRITTEN))
    return `millwright predict ${model.name} --rows row.json --explain${champion}`;
  const words = fields.map(([name, value]) => quoted(`${name}=${value}`));
  return `millwright predict ${model.name} ${words.join(" ") || "name=value …"} --explain${champion}`;
}

/** For a POSIX shell. */
const quoted = (text: string): string =>
  /^[\w=.:/@+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
