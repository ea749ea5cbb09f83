import pc from "picocolors";
import type { Anomaly } from "../datasets/anomaly.ts";
import type { DatasetVersion } from "../datasets/dataset-version.ts";
import type { ColumnSchema } from "../datasets/schema.ts";
import {
  bound,
  counted,
  cut,
  heading,
  labelled,
  moment,
  oneLine,
  shortDigest,
  table,
  when,
  wrap,
} from "./render-text.ts";

export interface SetAside {
  readonly line: number;
  readonly reason: string;
}

const MOST_SHOWN = 60;

/**
 * @param versions all of this dataset, newest first.
 * @param setAside the first of the rows that could not be taken.
 */
export function renderDataset(
  version: DatasetVersion,
  versions: readonly DatasetVersion[],
  setAside: readonly SetAside[],
  now: number,
  width: number,
): string[] {
  const { columns } = version.schema;
  const rows = columns
    .slice(0, MOST_SHOWN)
    .map((column) => [
      cut(column.name, 30),
      column.role === "leak" ? pc.red(column.role) : column.role,
      cut(valuesOf(column), 30),
      oneLine(column.reason),
    ]);
  const aside = version.quarantine?.rows ?? 0;
  return [
    "",
    `${heading(version.dataset)}  ${pc.dim(`${counted(version.rows, "row")}, ${counted(columns.length, "column")}`)}`,
    "",
    ...labelled("version", version.id, width),
    ...labelled(
      "made",
      `${moment(version.createdAt)} UTC (${when(version.createdAt, now)})`,
      width,
    ),
    ...version.lineage.sources.flatMap(({ uri, digest }, i) =>
      labelled(i === 0 ? "from" : "", `${oneLine(uri)}  ${shortDigest(digest)}`, width),
    ),
    ...version.lineage.parents.flatMap((parent) => labelled("parent", parent, width)),
    "",
    ...table(["column", "role", "values", "why"], rows, width, pc.dim),
    ...(columns.length > MOST_SHOWN
      ? [pc.dim(`  … and ${counted(columns.length - MOST_SHOWN, "more column")}`)]
      : []),
    ...anomalyLines(version.anomalies, width),
    ...(aside === 0
      ? []
      : [
          "",
          `${heading("Set aside")}  ${pc.dim(`${counted(aside, "row")}, kept with the reason`)}`,
          ...table(
            [{ title: "line", right: true }, "why"],
            setAside.map(({ line, reason }) => [String(line), cut(reason, 200)]),
            width,
          ),
          ...(aside > setAside.length
            ? [pc.dim(`  … and ${counted(aside - setAside.length, "more row")}`)]
            : []),
        ]),
    ...(versions.length < 2
      ? []
      : [
          "",
          heading("Versions"),
          ...table(
            ["version", { title: "rows", right: true }, "made"],
            versions
              .slice(0, 10)
              .map((v) => [
                shortDigest(v.id),
                v.rows.toLocaleString("en-US"),
                when(v.createdAt, now),
              ]),
            width,
          ),
          ...(versions.length > 10
            ? [pc.dim(`  … and ${counted(versions.length - 10, "older version")}`)]
            : []),
        ]),
  ];
}

/** What is known of the values: a range, or the first of a set. */
function valuesOf({ type, range, domain }: ColumnSchema): string {
  if (range)
    return type === "time"
      ? `${day(range.min)} to ${day(range.max)}`
      : `${bound(range.min)} to ${bound(range.max)}`;
  return domain ? domain.values.slice(0, 4).map(oneLine).join(", ") : "";
}

/** @param seconds since 1970, as time columns hold them. */
const day = (seconds: number): string => {
  const at = new Date(seconds * 1000);
  return Number.isNaN(at.getTime()) ? "–" : at.toISOString().slice(0, 10);
};

function anomalyLines(anomalies: readonly Anomaly[], width: number): string[] {
  if (anomalies.length === 0) return [];
  const ordered = [...anomalies].sort(
    (a, b) => Number(b.severity === "broken") - Number(a.severity === "broken") || b.rows - a.rows,
  );
  return [
    "",
    heading("Anomalies"),
    ...ordered.slice(0, 20).flatMap(({ severity, column, message }) => {
      const mark = severity === "broken" ? pc.red("✗") : pc.yellow("!");
      const text = oneLine(
        column === undefined || message.includes(column) ? message : `${column}: ${message}`,
      );
      return wrap(text, width - 4).map((line, i) =>
        i === 0 ? `  ${mark} ${line}` : `    ${line}`,
      );
    }),
    ...(ordered.length > 20 ? [pc.dim(`  … and ${ordered.length - 20} more`)] : []),
  ];
}

/** One line in `status`. */
export function datasetCells(version: DatasetVersion, now: number): string[] {
  const broken = version.anomalies.filter((a) => a.severity === "broken").length;
  const odd = version.anomalies.length - broken;
  const notes = [
    broken > 0 && pc.red(counted(broken, "broken anomaly", "broken anomalies")),
    odd > 0 && pc.yellow(counted(odd, "anomaly", "anomalies")),
    version.quarantine && `${counted(version.quarantine.rows, "row")} set aside`,
  ].filter(Boolean);
  return [
    cut(version.dataset, 24),
    counted(version.rows, "row"),
    pc.dim(shortDigest(version.id)),
    pc.dim(when(version.createdAt, now)),
    notes.join(", "),
  ];
}
