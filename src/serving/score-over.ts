import type { ModelFile } from "../families/family.ts";
import { PARENT, parentInput } from "../families/over-parent.ts";
import type { Digest } from "../lib/digest.ts";
import type { Signature } from "../onnx/signature.ts";
import type { Sessions } from "../runtime/sessions.ts";
import type { RawRow, ScoredRow } from "./rows.ts";
import { score } from "./score.ts";

export interface ScoreFile {
  signature(onnx: Digest): Promise<Signature>;
  score(onnx: Digest, rows: readonly RawRow[]): Promise<ScoredRow[]>;
}

export const scoreFileIn = (sessions: Sessions<Signature>): ScoreFile => ({
  signature: (onnx) => sessions.use(onnx, async ({ about }) => about),
  score: (onnx, rows) => score({ sessions }, { onnx, rows }),
});

/** A model one of whose inputs is what another one says of the row. Rows that the other cannot read are its problems. */
export async function scoreOver(
  deps: ScoreFile,
  { onnx, over, rows }: { onnx: Digest; over: ModelFile; rows: readonly RawRow[] },
): Promise<ScoredRow[]> {
  const below = await scoreBelow(deps, over, rows);
  const task = await taskOf(deps, over);
  const scored = await deps.score(onnx, withSaid(task, rows, below));
  return scored.map((row, i) => ("problems" in below[i]! ? below[i]! : row));
}

/** The rows with what the other model says. */
export async function rowsOver(
  deps: ScoreFile,
  over: ModelFile,
  rows: readonly RawRow[],
): Promise<RawRow[]> {
  return withSaid(await taskOf(deps, over), rows, await scoreBelow(deps, over, rows));
}

const scoreBelow = (deps: ScoreFile, file: ModelFile, rows: readonly RawRow[]) =>
  file.over === undefined
    ? deps.score(file.onnx, rows)
    : scoreOver(deps, { onnx: file.onnx, over: file.over, rows });

const taskOf = async (deps: ScoreFile, { onnx }: ModelFile) =>
  (await deps.signature(onnx)).task === "regression" ? "regression" : "binary";

const withSaid = (
  task: "binary" | "regression",
  rows: readonly RawRow[],
  below: readonly ScoredRow[],
): RawRow[] =>
  rows.map((row, i) => {
    const said = below[i]!;
    return { ...row, [PARENT]: "output" in said ? parentInput(task, said.output[0]!) : null };
  });
