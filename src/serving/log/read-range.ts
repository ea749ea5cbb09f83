import type { Blobs } from "../../storage/blobs/blobs.ts";
import type { Columns } from "../../storage/columns/columns.ts";
import type { PredictionRecord } from "../prediction.ts";
import {
  HEAD_COLUMNS,
  type RecordHead,
  type SegmentRange,
  tableHeads,
  tableRecords,
} from "../segment.ts";

export interface ReadRangeInput {
  readonly range: SegmentRange;
  wanted(head: RecordHead): boolean;
  /** Few rows are wanted: look at the narrow columns first. */
  readonly selective: boolean;
}

/** The wanted predictions of one model in one segment, in the order of the file, in the memory of a batch. */
export async function* readRange(
  { columns, blobs }: { readonly columns: Columns; readonly blobs: Blobs },
  { range, wanted, selective }: ReadRangeInput,
): AsyncGenerator<readonly PredictionRecord[]> {
  const path = await blobs.localPath(range.data);
  let { from, to } = range;
  if (selective) {
    let [first, last, at] = [-1, -1, from];
    const there = new Set((await columns.describe(path)).columns.map(({ name }) => name));
    const heads = HEAD_COLUMNS.filter((name) => there.has(name));
    for await (const table of columns.scan(path, { from, to, columns: heads })) {
      const head = tableHeads(table);
      for (let i = 0; i < table.rows; i++) {
        if (!wanted(head(i))) continue;
        if (first < 0) first = at + i;
        last = at + i;
      }
      at += table.rows;
    }
    if (first < 0) return;
    [from, to] = [first, last + 1];
  }
  for await (const table of columns.scan(path, { from, to })) {
    const records = tableRecords(table, wanted);
    if (records.length > 0) yield records;
  }
}
