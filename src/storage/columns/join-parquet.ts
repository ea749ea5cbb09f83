import { type FileHandle, open } from "node:fs/promises";
import { MillwrightError } from "../../errors.ts";
import {
  readThrift,
  type ThriftList,
  type ThriftStruct,
  type ThriftValue,
  writeThrift,
} from "./thrift.ts";

const MAGIC = Buffer.from("PAR1");
const COPY = 4 << 20;
const [SCHEMA, ROWS, GROUPS] = [2, 3, 4];
const [GROUP_COLUMNS, GROUP_OFFSET, GROUP_ORDINAL] = [1, 5, 7];
const COLUMN_METADATA = 3;
/** Places in the file: of a column chunk, and of its metadata. */
const CHUNK_OFFSETS = [2, 4, 6];
const METADATA_OFFSETS = [9, 10, 11, 14];

/**
 * One Parquet file of many with the same columns: their row groups one behind the other, byte for byte, under one new footer.
 * Nothing is decoded, so it goes as fast as the disk; the bytes depend on the parts' bytes alone.
 * @param parts at least one. @param to must not exist.
 */
export async function joinParquet(parts: readonly string[], to: string): Promise<void> {
  const out = await open(to, "wx");
  try {
    await out.write(MAGIC);
    let at = MAGIC.length;
    let rows = 0;
    let ordinal = 0;
    let first: ThriftStruct | undefined;
    const groups: ThriftValue[] = [];
    for (const part of parts) {
      const handle = await open(part, "r");
      try {
        const { footer, dataEnd } = await readFooter(handle, part);
        first ??= footer;
        if (!sameBytes(footer.fields.get(SCHEMA)!, first.fields.get(SCHEMA)!))
          throw new MillwrightError("internal", `${part} has other columns than ${parts[0]}`);
        rows += numberAt(footer, ROWS);
        for (const group of (footer.fields.get(GROUPS) as ThriftList).items) {
          const moved = movedGroup(group as ThriftStruct, at - MAGIC.length, ordinal++);
          // Kept as bytes: decoded, the footers of wide files would not fit into memory.
          groups.push(encoded(writeThrift(moved)));
        }
        at += await copyBytes(handle, out, MAGIC.length, dataEnd);
      } finally {
        await handle.close();
      }
    }
    const footer = writeThrift(withGroups(first!, rows, groups));
    const tail = Buffer.alloc(4);
    tail.writeUInt32LE(footer.length);
    await out.writev([footer, tail, MAGIC]);
    await out.sync();
  } finally {
    await out.close();
  }
}

async function readFooter(
  handle: FileHandle,
  path: string,
): Promise<{ footer: ThriftStruct; dataEnd: number }> {
  const { size } = await handle.stat();
  const tail = Buffer.alloc(8);
  await handle.read(tail, 0, 8, Math.max(0, size - 8));
  const length = tail.readUInt32LE(0);
  if (size < 12 || !tail.subarray(4).equals(MAGIC) || length > size - 12)
    throw new MillwrightError("invalid_data", `${path} is not a whole Parquet file`);
  const bytes = Buffer.alloc(length);
  await handle.read(bytes, 0, length, size - 8 - length);
  return { footer: readThrift(bytes), dataEnd: size - 8 - length };
}

const numberAt = (struct: ThriftStruct, id: number): number =>
  (struct.fields.get(id) as { value: number }).value;

/** The same struct with the given integer fields changed, where present. */
function changed(
  struct: ThriftStruct,
  ids: readonly number[],
  change: (value: number) => number,
): Map<number, ThriftValue> {
  const fields = new Map(struct.fields);
  for (const id of ids) {
    const field = fields.get(id) as { type: 6; value: number } | undefined;
    if (field) fields.set(id, { type: field.type, value: change(field.value) });
  }
  return fields;
}

function movedGroup(group: ThriftStruct, by: number, ordinal: number): ThriftStruct {
  // 0 means "not said" in the two fields of that kind.
  const move = (value: number) => (value === 0 ? 0 : value + by);
  const fields = changed(group, [GROUP_OFFSET], move);
  if (ordinal < 1 << 15) fields.set(GROUP_ORDINAL, { type: 4, value: ordinal });
  else fields.delete(GROUP_ORDINAL);
  const columns = fields.get(GROUP_COLUMNS) as ThriftList;
  const items = columns.items.map((chunk) => {
    const moved = changed(chunk as ThriftStruct, CHUNK_OFFSETS, move);
    const metadata = moved.get(COLUMN_METADATA) as ThriftStruct;
    moved.set(COLUMN_METADATA, { type: 12, fields: changed(metadata, METADATA_OFFSETS, move) });
    return { type: 12, fields: moved } as const;
  });
  fields.set(GROUP_COLUMNS, { ...columns, items });
  return { type: 12, fields: sorted(fields) };
}

/** Field numbers ascend in a struct, also after one was added. */
const sorted = (fields: ReadonlyMap<number, ThriftValue>): Map<number, ThriftValue> =>
  new Map([...fields].sort(([a], [b]) => a - b));

/** A value that is written as these bytes. */
const encoded = (bytes: Uint8Array): ThriftValue => ({ type: 7, bytes });

function withGroups(footer: ThriftStruct, rows: number, groups: ThriftValue[]): ThriftStruct {
  const fields = new Map(footer.fields);
  fields.set(ROWS, { type: 6, value: rows });
  fields.set(GROUPS, { type: 9, of: 12, items: groups });
  return { type: 12, fields };
}

const sameBytes = (a: ThriftValue, b: ThriftValue): boolean =>
  a === b || Buffer.compare(writeThrift(a), writeThrift(b)) === 0;

async function copyBytes(
  from: FileHandle,
  to: FileHandle,
  start: number,
  end: number,
): Promise<number> {
  const buffer = Buffer.alloc(Math.min(COPY, Math.max(1, end - start)));
  for (let at = start; at < end; ) {
    const { bytesRead } = await from.read(buffer, 0, Math.min(buffer.length, end - at), at);
    if (bytesRead === 0) throw new MillwrightError("internal", "a part of a result became shorter");
    for (let done = 0; done < bytesRead; )
      done += (await to.write(buffer, done, bytesRead - done)).bytesWritten;
    at += bytesRead;
  }
  return end - start;
}
