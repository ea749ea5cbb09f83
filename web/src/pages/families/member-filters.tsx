import { useState } from "react";
import { go, Link, withQuery } from "../../location.tsx";
import { Field } from "../../ui/field.tsx";
import type { View } from "./view.ts";

const NAMES = ["search", "state", "order", "colour"] as const;

/** Which members the map lights up and the table lists: all of it in the address. */
export function MemberFilters({ view }: { view: View }) {
  const [typed, setTyped] = useState(view.search);
  const set = (name: (typeof NAMES)[number], value: string) =>
    go(withQuery({ [name]: value, page: undefined }), { replace: true });
  const search = (text: string) => {
    setTyped(text);
    set("search", text.trim());
  };
  const filtered = view.search !== "" || view.state !== undefined;
  return (
    <search>
      <form
        className="filters"
        aria-label="Filter members"
        onSubmit={(event) => event.preventDefault()}
      >
        <Field label="Name or value contains">
          <input
            type="search"
            // Back and forward change the address, not what was typed.
            value={typed.trim() === view.search ? typed : view.search}
            onChange={(event) => search(event.target.value)}
            autoCapitalize="off"
            spellCheck={false}
          />
        </Field>
        <Field label="State">
          <select value={view.state ?? ""} onChange={(event) => set("state", event.target.value)}>
            <option value="">any</option>
            <option value="standing">stands alone</option>
            <option value="parent">uses its parent</option>
            <option value="failing">failing</option>
          </select>
        </Field>
        <Field label="Table’s order">
          <select
            value={view.order}
            onChange={(event) =>
              set("order", event.target.value === "gain" ? "" : event.target.value)
            }
          >
            <option value="gain">most gained in all</option>
            <option value="rows">most rows</option>
            <option value="loss">highest loss</option>
            <option value="name">name</option>
          </select>
        </Field>
        <Field label="Map’s colour">
          <select
            value={view.colour}
            onChange={(event) =>
              set("colour", event.target.value === "gain" ? "" : event.target.value)
            }
          >
            <option value="gain">what it gains</option>
            <option value="state">state</option>
          </select>
        </Field>
        {filtered && (
          <Link
            className="clear"
            to={withQuery({ search: undefined, state: undefined, page: undefined })}
            onClickCapture={() => setTyped("")}
          >
            Clear
          </Link>
        )}
      </form>
    </search>
  );
}
