import { MillwrightError } from "../errors.ts";
import type { Json } from "../lib/json.ts";
import type { GraphBinding, GraphInput, Signature } from "../onnx/signature.ts";

/**
 * The nested lists of MLflow's (and TensorFlow Serving's) `inputs` and `instances` as rows of an imported model: a tensor, when
 * the graph takes one; an object of tensors by input or column (`inputs`); a list of rows, each an object or a list (`instances`).
 */
export function tensorRows(
  { columns }: Signature,
  graph: GraphBinding,
  value: unknown,
  form: string,
): readonly unknown[] {
  if (isRecord(value)) return ofObject(graph, value, form);
  if (!Array.isArray(value)) throw invalid(`${form}: should be a list of rows.`);
  return value.map((row, i) => {
    if (isRecord(row)) {
      const cells = Object.entries(row).map(([name, cell]) => cellsOf(graph, name, cell as Json));
      return Object.assign({}, ...cells);
    }
    const [only] = graph.inputs;
    if (graph.inputs.length === 1) return cellsOf(graph, only!.name, row as Json);
    if (Array.isArray(row) && row.length === columns.length)
      return Object.fromEntries(columns.map(({ name }, k) => [name, row[k]]));
    throw invalid(
      `${form}[${i}]: should be an object of ${graph.inputs.map(({ name }) => name).join(", ")}.`,
    );
  });
}

function ofObject(graph: GraphBinding, value: Record<string, unknown>, form: string): unknown[] {
  const lists = Object.entries(value);
  if (graph.whole) return [value];
  const rows = (lists[0]?.[1] as readonly unknown[] | undefined)?.length ?? 0;
  for (const [name, list] of lists)
    if (!Array.isArray(list) || list.length !== rows)
      throw invalid(
        `${form}.${name}: should be a list of ${rows} rows, as ${lists[0]![0]} has; every tensor needs the same number.`,
      );
  return Array.from({ length: rows }, (_, i) =>
    Object.assign(
      {},
      ...lists.map(([name, list]) => cellsOf(graph, name, (list as readonly Json[])[i]!)),
    ),
  );
}

/** One row of the input (or column) of that name, as cells by column. */
function cellsOf({ inputs }: GraphBinding, name: string, row: Json): Record<string, Json> {
  const input = inputs.find((known) => known.name === name);
  if (input === undefined || (input.columns.length === 1 && !isOneInList(input, row)))
    return { [input?.columns[0] ?? name]: row };
  const values: readonly Json[] = Array.isArray(row) ? row : [row];
  if (values.length !== input.columns.length)
    throw invalid(
      `${name}: a row should have ${input.columns.length} values; one has ${values.length}.`,
    );
  return Object.fromEntries(input.columns.map((column, k) => [column, values[k]!]));
}

/** [x] for an input of [N,1]. */
const isOneInList = ({ shape }: GraphInput, row: Json): boolean =>
  Array.isArray(row) && shape.length === 2 && shape[1] === 1;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const invalid = (message: string): MillwrightError => new MillwrightError("invalid_input", message);
