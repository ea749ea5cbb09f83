import type { Task } from "../lib/task.ts";
import { numberColumn, type Table } from "../table/table.ts";
import type { Design, Encoder } from "../training/encoding/encoding.ts";
import { columnNamed } from "../training/training-data.ts";

/** The input of a member's model that holds what its parent says: of two classes the log-odds, else the number. */
export const PARENT = "#parent";

/** As far as a parent's probability is believed. */
const SURE = 1e-4;

export const parentInput = (task: Task, said: number): number => {
  if (task === "regression") return said;
  const p = Math.min(1 - SURE, Math.max(SURE, said));
  return Math.log(p / (1 - p));
};

/** The features, and behind them what the parent says. Rows carry it as a number column `PARENT`. */
export function overParent(encoder: Encoder): Encoder {
  return {
    style: encoder.style,
    columns: [...encoder.columns, { name: PARENT, role: "numeric" }],
    encode(table) {
      const said = columnNamed(table, PARENT);
      return withParent(encoder.encode(table), said.type === "string" ? [] : said.values);
    },
    emit(graph) {
      const emitted = encoder.emit(graph);
      const said = graph.input(PARENT, "float32", ["N", 1]);
      const dense =
        emitted.width === 0 ? said : graph.node("Concat", [emitted.dense, said], { axis: 1 });
      return { ...emitted, dense, width: emitted.width + 1 };
    },
  };
}

export function withParent(design: Design, said: ArrayLike<number>): Design {
  const { rows, width, dense, names } = design;
  const wider = new Float32Array(rows * (width + 1));
  for (let i = 0; i < rows; i++) {
    wider.set(dense.subarray(i * width, (i + 1) * width), i * (width + 1));
    wider[i * (width + 1) + width] = said[i]!;
  }
  return { ...design, width: width + 1, dense: wider, names: [...names, PARENT] };
}

export const tableWithParent = (table: Table, said: ArrayLike<number>): Table => ({
  rows: table.rows,
  columns: new Map([...table.columns, [PARENT, numberColumn(said)]]),
});
