import type { ModelInputs } from "@millwright/sdk/contract/trying";
import { Field } from "../../ui/field.tsx";

export type Entered = Readonly<Record<string, string>>;
type Column = ModelInputs["columns"][number];

const HINTS: Readonly<Record<Column["role"], string>> = {
  numeric: "number",
  category: "text",
  time: "2024-05-01T12:00:00Z",
  text: "text",
  tensor: "[…]",
};

/** A field for each column. What is left empty is missing. */
export function RowForm({
  columns,
  entered,
  change,
}: {
  columns: readonly Column[];
  entered: Entered;
  change: (entered: Entered) => void;
}) {
  return (
    <div className="row-form">
      {columns.map(({ name, role, shape }) => {
        const shared = {
          value: entered[name] ?? "",
          placeholder:
            shape === undefined ? HINTS[role] : `list of ${shape.map((n) => n ?? "n").join(" × ")}`,
          onChange: (event: { target: { value: string } }) =>
            change({ ...entered, [name]: event.target.value }),
        };
        return (
          <div key={name} className={role === "text" || role === "tensor" ? "wide" : undefined}>
            <Field label={name}>
              {role === "text" || role === "tensor" ? (
                <textarea rows={3} {...shared} />
              ) : (
                <input inputMode={role === "numeric" ? "decimal" : "text"} {...shared} />
              )}
            </Field>
          </div>
        );
      })}
    </div>
  );
}

type Value = string | number | boolean | null | readonly Value[];
export type SentRow = Readonly<Record<string, Value>>;

/** Throws in words where a list is no JSON. */
export function rowOf(columns: readonly Column[], entered: Entered): SentRow {
  const row: Record<string, Value> = {};
  for (const { name, role } of columns) {
    const text = entered[name] ?? "";
    if (text.trim() === "") continue;
    const number = Number(text);
    if (role === "tensor") row[name] = listIn(name, text);
    else row[name] = role === "numeric" && Number.isFinite(number) ? number : text;
  }
  return row;
}

export const enteredOf = (columns: readonly Column[], row: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(
    columns.flatMap(({ name }) => {
      const value = row[name];
      if (value === undefined || value === null) return [];
      return [[name, typeof value === "string" ? value : JSON.stringify(value)]];
    }),
  );

function listIn(name: string, text: string): Value {
  try {
    return JSON.parse(text) as Value;
  } catch {
    throw new Error(`${name}: should be a nested list, as JSON, such as [1, 2.5].`);
  }
}
