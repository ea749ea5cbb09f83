import type { FormEvent } from "react";
import { go, withQuery } from "../../location.tsx";
import { Field } from "../../ui/field.tsx";
import { type Column, columnName, orderOf } from "./run-columns.ts";

/** Which runs, and in which order: both in the address, in MLflow's words. */
export function RunSearch({
  filter,
  order,
  columns,
}: {
  filter: string;
  order: string;
  columns: readonly Column[];
}) {
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const typed = String(new FormData(event.currentTarget).get("filter") ?? "").trim();
    go(withQuery({ filter: typed, page: undefined }));
  };
  const orders = columns.flatMap((column) => {
    const key = orderOf(column);
    return key === undefined ? [] : [{ column, key }];
  });
  const known = order === "" || orders.some(({ key }) => order.startsWith(`${key} `));
  return (
    <search>
      <form className="runs-filter" onSubmit={submit}>
        <Field
          label="Filter"
          hint="metrics.auc > 0.9 and params.depth = '6' and attributes.status = 'FINISHED'"
        >
          <input
            key={filter}
            name="filter"
            type="search"
            defaultValue={filter}
            spellCheck={false}
            autoCapitalize="off"
          />
        </Field>
        <button type="submit" className="button">
          Filter
        </button>
        <Field label="Order">
          <select
            value={order}
            onChange={(event) => go(withQuery({ order: event.target.value, page: undefined }))}
          >
            <option value="">newest first</option>
            {!known && <option value={order}>{order}</option>}
            {orders.map(({ column, key }) => (
              <optgroup key={columnName(column)} label={column.key}>
                <option value={`${key} DESC`}>{column.key}, highest first</option>
                <option value={`${key} ASC`}>{column.key}, lowest first</option>
              </optgroup>
            ))}
          </select>
        </Field>
      </form>
    </search>
  );
}
