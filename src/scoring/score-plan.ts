import type { ColumnType } from "../datasets/schema.ts";
import { type Digest, digestOfJson } from "../lib/digest.ts";
import type { RoutedVersion } from "../serving/route.ts";
import type { Source } from "../storage/columns/columns.ts";
import type { DateOrder } from "../table/date.ts";
import type { AddedColumns } from "./added-columns.ts";
import type { PinnedFamily } from "./pinned-family.ts";

/** What all parts of a batch have in common: plain data, goes to compute threads. */
export interface ScorePlan {
  readonly model: string;
  readonly version: RoutedVersion;
  /** Members that answer rows of their own before the version does. */
  readonly family?: PinnedFamily;
  readonly source: Source;
  /** How columns of the model are typed when they are text in a file; others follow from their role. */
  readonly types: Readonly<Record<string, { type: ColumnType; dateOrder?: DateOrder }>>;
  readonly added: AddedColumns;
  /** How many reasons are told for each row; 0 = none. */
  readonly reasons: number;
}

/** Raise it when the same plan would give other bytes than it used to. */
const FORMAT = 1;

/**
 * What a batch is called: the same for the same source bytes, read the same way, scored by the same version with the same
 * options, whatever the files are called and wherever the result goes. Under this name its finished parts are kept.
 */
export function batchId(plan: ScorePlan): Digest {
  const { version, family, source, types, added, reasons } = plan;
  const { files, format, names, delimiter, quotes, hasHeader } = source;
  return digestOfJson({
    ...{ FORMAT, version: version.id, onnx: version.onnx, abstain: version.abstain ?? null },
    ...{ types, added, reasons, format, names, delimiter: delimiter ?? null, quotes, hasHeader },
    files: files.map(({ digest, encoding }) => [digest, encoding]),
    // By name, too: it is among the answers.
    ...(family ? { model: plan.model, levels: family.levels, members: family.members } : {}),
  });
}

/** Text of one part, about: a crash costs that much work again, and threads share a file in such pieces. */
const MOST_BYTES = 8 << 20;
const FEWEST_BYTES = 1 << 19;
/** What packed text becomes, about. */
const UNPACKED = 4;

/** How large the parts of a source are, in bytes of text: small sources in 32 parts, so that no thread is left without. */
export function partBytes({ files }: Pick<Source, "files">): number {
  const bytes = files.reduce((sum, file) => sum + file.bytes * (file.gzip ? UNPACKED : 1), 0);
  return Math.min(MOST_BYTES, Math.max(FEWEST_BYTES, Math.ceil(bytes / 32)));
}
