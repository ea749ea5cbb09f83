import { utf8ToBytes } from "@noble/hashes/utils.js";
import { crashPoint } from "../lib/crash-point.ts";
import { resultColumns } from "../scoring/added-columns.ts";
import { type AnsweredBy, nobodyYet, plusAnswered } from "../scoring/pinned-family.ts";
import type { Part } from "../scoring/store.ts";
import { decodeUtf8 } from "../table/utf8.ts";
import type { BatchPlan } from "./plan-scoring.ts";
import type { Platform } from "./platform.ts";

export interface WrittenScores {
  readonly rows: number;
  readonly rejected: number;
  readonly rejectedFile: string | null;
  /** Of a family. */
  readonly answered?: AnsweredBy;
}

/** The parts of a finished batch as one file in the order of the source, and beside it what was set aside. */
export async function writeScores(
  deps: Pick<Platform, "scoring" | "columns" | "blobs">,
  input: {
    readonly plan: BatchPlan;
    readonly out: string;
    readonly makeFolder?: boolean;
    readonly token: string;
  },
): Promise<WrittenScores> {
  const { plan, out, token, makeFolder } = input;
  const { source, added } = plan.scoring;
  const parts = await deps.scoring.parts(plan.batch.id);
  const paths: string[] = [];
  for (const { scored } of parts)
    if (scored?.data) paths.push(await deps.blobs.localPath(scored.data));
  const sum = (of: "rows" | "rejected") =>
    parts.reduce((n, { scored }) => n + (scored?.[of] ?? 0), 0);
  const empty =
    paths.length > 0
      ? undefined
      : await (await deps.columns.writer(resultColumns(source, added, plan))).finish();
  crashPoint("score:before-write");
  await deps.columns.publish(empty ? [empty.path] : paths, { to: out, token, makeFolder });
  await empty?.discard();
  const rejectedFile = `${out}.rejected.jsonl`;
  const aside = parts.filter(({ scored }) => scored?.rejectedData);
  if (aside.length > 0)
    await deps.columns.publishText(rejectedLines(deps, plan, aside), { to: rejectedFile, token });
  const { family } = plan.scoring;
  const answered = parts.flatMap(({ scored }) => scored?.answered ?? []);
  return {
    ...(family ? { answered: answered.reduce(plusAnswered, nobodyYet(family.levels.length)) } : {}),
    rows: sum("rows"),
    rejected: sum("rejected"),
    rejectedFile: aside.length > 0 ? rejectedFile : null,
  };
}

/** Each row that was set aside, with the file it stands in. */
async function* rejectedLines(
  { blobs }: Pick<Platform, "blobs">,
  { scoring }: BatchPlan,
  parts: readonly Part[],
): AsyncGenerator<Uint8Array> {
  for (const { piece, scored } of parts) {
    const file = JSON.stringify(scoring.source.files[piece.file]!.uri);
    const bytes = await blobs.get(scored!.rejectedData!);
    const lines = decodeUtf8(bytes, 0, bytes.length).split("\n").slice(0, -1);
    yield utf8ToBytes(lines.map((line) => `{"file":${file},${line.slice(1)}\n`).join(""));
  }
}
