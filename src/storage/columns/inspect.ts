import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { MillwrightError } from "../../errors.ts";
import type { Digest } from "../../lib/digest.ts";
import { sniffCsv } from "../../table/csv-dialect.ts";
import { jsonlNames } from "../../table/jsonl.ts";
import { columnNames } from "./column-names.ts";
import type {
  Encoding,
  Source,
  SourceFile,
  SourceFormat,
  SourceNote,
  SourceRequest,
} from "./columns.ts";
import type { SqlColumn } from "./parquet-sql.ts";
import { decodeHead, readError, unpackedBytes } from "./source-bytes.ts";
import { type FoundFile, findFiles } from "./source-files.ts";
import { binary, encodingNotes, firstLines, formatOf, wholeLines } from "./source-format.ts";
import { stampOf } from "./source-stamp.ts";
import { sniffUtf16, utf8Survey } from "./utf8-survey.ts";

const HEAD = 1 << 20;

interface Inspected {
  readonly file: SourceFile;
  readonly format: SourceFormat;
  /** The first MB of text, whole lines; empty for Parquet. */
  readonly head: Uint8Array;
  readonly notes: readonly SourceNote[];
}

/** @param describeParquet names and types of a Parquet file. */
export async function inspectSource(
  request: SourceRequest,
  describeParquet: (file: SourceFile) => Promise<readonly SqlColumn[]>,
): Promise<Source> {
  const inspected: Inspected[] = [];
  for (const found of await findFiles(request)) inspected.push(await inspectFile(found));
  const first = inspected[0]!;
  const odd = inspected.find((one) => one.format !== first.format);
  if (odd)
    throw new MillwrightError(
      "invalid_data",
      `source '${request.uri}' mixes formats: '${first.file.uri}' is ${first.format}, '${odd.file.uri}' is ${odd.format}; name one kind`,
    );
  const shapes = [];
  for (const one of inspected) shapes.push(await shapeOf(one, request.header, describeParquet));
  const shape = shapes[0]!;
  for (const [i, other] of shapes.entries())
    if (JSON.stringify(other.names) !== JSON.stringify(shape.names) && first.format !== "jsonl")
      throw new MillwrightError(
        "invalid_data",
        `'${inspected[i]!.file.uri}' has other columns than '${first.file.uri}': ${difference(shape.names, other.names)}; files of one dataset need the same columns in the same order`,
      );
  const names =
    first.format === "jsonl" ? [...new Set(shapes.flatMap((s) => s.names))] : shape.names;
  return {
    ...shape,
    names,
    files: inspected.map((one) => one.file),
    format: first.format,
    notes: [...inspected.flatMap((one) => one.notes), ...shape.notes],
  };
}

async function inspectFile(found: FoundFile): Promise<Inspected> {
  const { uri } = found;
  const stamp = await stampOf(found.path);
  const magic = await firstBytes(found, 8);
  if (magic.length === 0) throw empty(uri);
  const ascii = String.fromCharCode(...magic);
  if (ascii.startsWith("PK\x03\x04"))
    throw new MillwrightError(
      "unsupported",
      `source '${uri}' is a zip or Excel file; unpack it, or save the sheet as CSV`,
    );
  const hash = createHash("sha256");
  let bytes = 0;
  const onRaw = (chunk: Uint8Array) => {
    hash.update(chunk);
    bytes += chunk.length;
  };
  if (ascii.startsWith("PAR1")) {
    for await (const _ of unpackedBytes({ ...found, gzip: false }, onRaw));
    const digest = sha(hash);
    const file: SourceFile = { ...found, digest, bytes, stamp, encoding: "utf-8", gzip: false };
    return { file, format: "parquet", head: new Uint8Array(0), notes: [] };
  }
  const gzip = magic[0] === 0x1f && magic[1] === 0x8b;
  if (!gzip && /\.gz$/i.test(uri))
    throw new MillwrightError(
      "invalid_data",
      `source '${uri}' is named .gz but is not gzip; rename it, or pack it again`,
    );
  const survey = utf8Survey();
  const parts: Uint8Array[] = [];
  let size = 0;
  let utf16: Encoding | undefined;
  for await (const chunk of unpackedBytes({ ...found, gzip }, onRaw)) {
    if (size === 0) utf16 = sniffUtf16(chunk);
    if (size < HEAD) parts.push(chunk.subarray(0, HEAD - size));
    size += chunk.length;
    if (!utf16) survey.take(chunk, false);
  }
  survey.take(new Uint8Array(0), true);
  if (size === 0) throw empty(uri);
  const verdict = survey.verdict();
  const encoding = utf16 ?? verdict.encoding;
  const file: SourceFile = { ...found, digest: sha(hash), bytes, stamp, encoding, gzip };
  const head = wholeLines(decodeHead(Buffer.concat(parts), encoding), size <= HEAD);
  if (binary(head))
    throw new MillwrightError(
      "unsupported",
      `source '${uri}' is binary, not text: csv, tsv, jsonl (each also .gz) and parquet are read`,
    );
  if (Buffer.from(head).toString("utf8").trim() === "") throw empty(uri);
  return { file, format: formatOf(uri, head), head, notes: encodingNotes(uri, encoding, verdict) };
}

type Shape = Omit<Source, "files" | "format">;

async function shapeOf(
  { file, format, head }: Inspected,
  header: readonly string[] | undefined,
  describeParquet: (file: SourceFile) => Promise<readonly SqlColumn[]>,
): Promise<Shape> {
  const plain = {
    declared: {},
    sqlTypes: {},
    delimiter: undefined,
    quotes: true,
    hasHeader: false,
  };
  if (format === "parquet") {
    const columns = await describeParquet(file);
    const { names, notes } = columnNames(columns.map((c) => c.name));
    const declared = Object.fromEntries(names.map((name, i) => [name, columns[i]!.type]));
    const sqlTypes = Object.fromEntries(names.map((name, i) => [name, columns[i]!.sql]));
    return { ...plain, names, declared, sqlTypes, notes };
  }
  if (format === "jsonl") {
    const names = jsonlNames(head);
    if (names.length === 0)
      throw new MillwrightError(
        "invalid_data",
        `source '${file.uri}' holds no JSON object in its first MB; one object a line is expected`,
      );
    return { ...plain, ...columnNames(names, true) };
  }
  const sniffed = sniffCsv(firstLines(head));
  const { delimiter, quotes } = sniffed;
  if (header) {
    if (header.length !== sniffed.width)
      throw new MillwrightError(
        "invalid_config",
        `header names ${header.length} columns but '${file.uri}' has ${sniffed.width}; list exactly one name per column`,
      );
    const hasHeader = header.every((name, i) => name === sniffed.first[i]);
    return { ...plain, delimiter, quotes, hasHeader, names: header, notes: [] };
  }
  if (sniffed.hasHeader) {
    const { names, notes } = columnNames(sniffed.first);
    return { ...plain, delimiter, quotes, hasHeader: true, names, notes };
  }
  const names = Array.from({ length: sniffed.width }, (_, i) => `column${i + 1}`);
  const message = `'${file.uri}' has no header line (${sniffed.reason}); the columns are called ${names.slice(0, 3).join(", ")}${names.length > 3 ? ", …" : ""}: set \`header\` of the dataset to name them`;
  return {
    ...plain,
    delimiter,
    quotes,
    hasHeader: false,
    names,
    notes: [{ kind: "header", column: undefined, message }],
  };
}

async function firstBytes(file: FoundFile, count: number): Promise<Uint8Array> {
  const handle = await open(file.path).catch((cause) => {
    throw readError(file.uri, cause);
  });
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(count), 0, count, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

function difference(a: readonly string[], b: readonly string[]): string {
  const missing = a.filter((name) => !b.includes(name));
  const extra = b.filter((name) => !a.includes(name));
  const list = (names: string[]) =>
    names
      .slice(0, 5)
      .map((name) => `'${name}'`)
      .join(", ");
  if (missing.length === 0 && extra.length === 0) return "another order";
  return [missing.length > 0 && `lacks ${list(missing)}`, extra.length > 0 && `adds ${list(extra)}`]
    .filter(Boolean)
    .join(", ");
}

const sha = (hash: ReturnType<typeof createHash>): Digest => `sha256:${hash.digest("hex")}`;

const empty = (uri: string) =>
  new MillwrightError(
    "invalid_data",
    `source '${uri}' is empty; a table needs a line of names and at least one row`,
  );
