import { type ChangeEvent, type FormEvent, useId } from "react";
import { go, Link, useQuery, withQuery } from "../../location.tsx";
import { Field } from "../../ui/field.tsx";

const VARIANTS = ["champion", "requested", "canary", "arm", "fallback", "shadow", "all"];
const NAMES = ["version", "variant", "label", "abstained", "truth", "key", "from", "to"] as const;

/** Which predictions: all of it in the address, so that a view can be handed on. */
export function Filters({
  versions,
  labels,
}: {
  versions: readonly number[];
  /** Empty: the model says no classes. */
  labels: readonly string[];
}) {
  const query = useQuery();
  const id = useId();
  const set = (name: string, value: string) =>
    go(withQuery({ [name]: value, cursor: undefined }), { replace: true });
  const on =
    (name: string) =>
    (event: ChangeEvent<HTMLInputElement> | ChangeEvent<HTMLSelectElement>): void =>
      set(name, event.target.value);
  const value = (name: string) => query.get(name) ?? "";
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    set("key", String(new FormData(event.currentTarget).get("key") ?? "").trim());
  };
  const filtered = NAMES.some((name) => query.has(name));
  const choice = (name: string, any: string, of: readonly (readonly [string, string])[]) => (
    <select value={value(name)} onChange={on(name)}>
      <option value="">{any}</option>
      {of.map(([key, words]) => (
        <option key={key} value={key}>
          {words}
        </option>
      ))}
    </select>
  );
  return (
    <search>
      <form className="filters" onSubmit={submit} aria-labelledby={id}>
        <h2 id={id} className="hidden">
          Filter
        </h2>
        <Field label="Version">
          {choice(
            "version",
            "any",
            versions.map((number) => [String(number), `version ${number}`]),
          )}
        </Field>
        <Field label="Answered as">
          {choice(
            "variant",
            "any answer",
            VARIANTS.map((name) => [name, name === "all" ? "all, shadow too" : name]),
          )}
        </Field>
        {labels.length > 0 && (
          <Field label="Leaned to">
            {choice(
              "label",
              "anything",
              labels.map((label) => [label, label]),
            )}
          </Field>
        )}
        <Field label="Abstained">
          {choice("abstained", "or not", [
            ["true", "it said nothing"],
            ["false", "it answered"],
          ])}
        </Field>
        <Field label="Truth">{choice("truth", "known or not", [["true", "known"]])}</Field>
        <Field label="Key">
          <input
            key={value("key")}
            name="key"
            defaultValue={value("key")}
            placeholder="whom it is about"
            onBlur={(event) => set("key", event.target.value.trim())}
          />
        </Field>
        <Field label="From, UTC">
          <input type="datetime-local" value={value("from")} onChange={on("from")} />
        </Field>
        <Field label="Before, UTC">
          <input type="datetime-local" value={value("to")} onChange={on("to")} />
        </Field>
        {filtered && (
          <Link
            className="clear"
            to={withQuery(Object.fromEntries([...NAMES, "cursor"].map((n) => [n, undefined])))}
          >
            Clear
          </Link>
        )}
      </form>
    </search>
  );
}
