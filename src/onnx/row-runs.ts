import type { GraphBinding } from "./signature.ts";
import { type GraphTensor, type GraphTensors, joinRows, sliceRows } from "./tensor.ts";

/**
 * Rows of an imported graph as runs of it. Feeds have the rows along axis 0 of every tensor, also where the graph knows no such
 * axis (`whole`) or a fixed number of rows (the last run is filled up with copies of its last row).
 */
export function splitRuns(
  binding: GraphBinding,
  feeds: GraphTensors,
  rows: number,
): readonly GraphTensors[] {
  const { whole } = binding;
  const size = whole ? 1 : binding.batch;
  if (size === null || (size === rows && !whole)) return [feeds];
  return Array.from({ length: Math.ceil(rows / size) }, (_, run) => {
    const from = run * size;
    const to = Math.min(rows, from + size);
    return mapped(feeds, (tensor) => {
      const part = sliceRows(tensor, from, to);
      if (whole) return { ...part, dims: part.dims.slice(1) } as GraphTensor;
      return to - from === size ? part : filledUp(part, size);
    });
  });
}

/** What the runs gave, with the rows along axis 0 of every output. */
export function joinRuns(
  binding: GraphBinding,
  runs: readonly GraphTensors[],
  rows: number,
): GraphTensors {
  const { whole } = binding;
  const parts = runs.map((outputs) =>
    mapped(outputs, (tensor) =>
      whole ? ({ ...tensor, dims: [1, ...tensor.dims] } as GraphTensor) : tensor,
    ),
  );
  const [first = {}] = parts;
  return Object.fromEntries(
    Object.keys(first).map((name) => {
      const all = joinRows(parts.map((part) => part[name]!));
      const made = whole || binding.batch === null ? rows : runs.length * binding.batch;
      const shaped = rowsFirst(all, made, binding.outputs.find((o) => o.name === name)?.shape);
      return [name, made === rows ? shaped : sliceRows(shaped, 0, rows)];
    }),
  );
}

/** Some graphs give the rows along another axis than they say ([1,N] for [N,1]); the values are in order all the same. */
function rowsFirst(
  tensor: GraphTensor,
  rows: number,
  declared: readonly (number | null)[] | undefined,
): GraphTensor {
  if (tensor.dims[0] === rows || rows === 0) return tensor;
  const width = tensor.data.length / rows;
  const rest = (declared ?? []).slice(1);
  const fits =
    rest.every((d) => d !== null) && rest.reduce<number>((n, d) => n * (d ?? 1), 1) === width;
  const dims = fits ? [rows, ...(rest as number[])] : [rows, width];
  return { ...tensor, dims } as GraphTensor;
}

function filledUp(part: GraphTensor, size: number): GraphTensor {
  const rows = part.dims[0]!;
  const last = sliceRows(part, rows - 1, rows);
  return joinRows([part, ...new Array<GraphTensor>(size - rows).fill(last)]);
}

export const mapped = (
  tensors: GraphTensors,
  change: (tensor: GraphTensor) => GraphTensor,
): GraphTensors =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, change(tensor)]));
