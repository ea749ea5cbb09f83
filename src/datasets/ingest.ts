import { MillwrightError } from "../errors.ts";
import type { Clock } from "../lib/clock.ts";
import { crashPoint } from "../lib/crash-point.ts";
import { digestOfJson } from "../lib/digest.ts";
import type { Blobs } from "../storage/blobs/blobs.ts";
import type { Columns, TableWriter } from "../storage/columns/columns.ts";
import type { DatasetVersion } from "./dataset-version.ts";
import { explore } from "./explore.ts";
import { factCounter } from "./facts.ts";
import { keepVersion } from "./keep-version.ts";
import { withLimits } from "./limits.ts";
import { QUARANTINE_COLUMNS, quarantineTable, refusals, sourceAnomalies } from "./refusals.ts";
import type { ColumnSchema, Role, Schema } from "./schema.ts";
import type { DatasetStore } from "./store.ts";
import { type TypedColumn, typist } from "./typing.ts";
import { validate } from "./validate.ts";

export interface IngestDeps {
  readonly columns: Columns;
  readonly blobs: Blobs;
  readonly datasets: DatasetStore;
  readonly clock: Clock;
}

export interface IngestInput {
  readonly dataset: string;
  /** Path or glob, relative to `folder`. */
  readonly source: string;
  /** Absolute. */
  readonly folder: string;
  readonly header?: readonly string[] | undefined;
  readonly key?: string | undefined;
  readonly time?: string | undefined;
  /** Rows without a value here are quarantined; leaks are looked for against it. */
  readonly target?: string | undefined;
  /** Roles a person decided. */
  readonly roles?: Readonly<Record<string, Role>> | undefined;
  /** The curated schema. Left out: that of the newest version read for the same target, otherwise inferred. */
  readonly schema?: Schema | undefined;
  /** Default "quarantine". "block": any bad row fails the ingest. */
  readonly onBadRows?: "quarantine" | "block" | undefined;
}

export interface Ingested {
  readonly version: DatasetVersion;
  /** false: these bytes with these settings were read before. */
  readonly created: boolean;
}

/** When the way sources are read changes, old readings no longer answer for them. */
const READER = 1;

/**
 * A source becomes an immutable dataset version: typed Parquet, profile, anomalies, and the rows that could not be taken, each with
 * its reason. Reads twice (types, then rows), in bounded memory. Safe to repeat: the same bytes and settings give the same version.
 * @throws invalid_data when the source is no table, when most of its rows are bad, or (`onBadRows: "block"`) when any is.
 */
export async function ingest(deps: IngestDeps, input: IngestInput): Promise<Ingested> {
  const { dataset, folder, header, key, time, target, roles, onBadRows = "quarantine" } = input;
  const { columns, datasets } = deps;
  const source = await columns.inspect({
    uri: input.source,
    folder,
    ...(header ? { header } : {}),
  });
  const settings = {
    names: source.names,
    key,
    time,
    target,
    roles,
    schema: input.schema,
    onBadRows,
    reader: READER,
  };
  const readKey = digestOfJson({
    settings,
    files: source.files.map(({ digest, uri }) => ({ digest, uri })),
  });
  const known = await datasets.ingested(dataset, readKey);
  if (known) return { version: known, created: false };

  const before = await datasets.lastRead(dataset, target);
  const expected = input.schema ?? before?.schema;
  const draft = expected?.columns ?? (await explore(deps, { ...input, inspected: source })).columns;
  const specs = draft.map(({ name, type }) => ({ name, type }));
  const type = typist(typedColumns(draft, source.names), target);
  const facts = factCounter(draft);
  const refused = refusals(onBadRows);
  const writer = await columns.writer(specs);
  let quarantine: TableWriter | undefined;
  try {
    for await (const block of columns.blocks(source)) {
      const typed = type(block);
      facts.add(typed.table);
      await writer.append(typed.table);
      refused.add(source.files[block.file]!.uri, typed);
      if (typed.bad.length === 0) continue;
      quarantine ??= await columns.writer(QUARANTINE_COLUMNS);
      await quarantine.append(quarantineTable(source.files[block.file]!.uri, typed.bad));
    }
    refused.check();
  } catch (error) {
    await writer.abort();
    await quarantine?.abort();
    throw error;
  }
  const file = await writer.finish();
  const quarantined = await quarantine?.finish();
  crashPoint("ingest:written");
  const counted = facts.finish();
  const schema = expected ?? withLimits(draft, counted);
  const anomalies = [
    ...sourceAnomalies(source.notes, refused.counts(), counted.rows),
    ...validate({ schema, facts: counted, names: source.names, before: before?.rows }),
  ];
  const lineage = {
    sources: source.files.map(({ uri, digest }) => ({ uri, digest })),
    parents: [],
  };
  return keepVersion(deps, { dataset, file, schema, anomalies, quarantined, lineage, readKey });
}

function typedColumns(draft: readonly ColumnSchema[], names: readonly string[]): TypedColumn[] {
  const places = new Map(names.map((name, at) => [name, at]));
  const listed = (all: readonly string[]) =>
    all
      .slice(0, 5)
      .map((name) => `'${name}'`)
      .join(", ");
  if (draft.every(({ name }) => !places.has(name)))
    throw new MillwrightError(
      "invalid_data",
      `the source has none of the dataset's columns (${listed(draft.map((c) => c.name))}); it has ${listed(names)}: is it the right file?`,
    );
  return draft.map(({ name, type, role, dateOrder = "dmy" }) => ({
    name,
    type,
    order: dateOrder,
    at: places.get(name),
    strict: role !== "ignore" && role !== "leak" && role !== "constant",
  }));
}
