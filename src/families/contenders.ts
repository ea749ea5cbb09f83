import { valuesAt } from "../lib/values-at.ts";
import { trainerNamed } from "../training/candidate.ts";
import { rowWeights } from "../training/class-weights.ts";
import { takeDesign } from "../training/encoding/take-design.ts";
import { columnsOf } from "../training/linear/matrix.ts";
import { fitPooled, pooledModel } from "../training/linear/pooled.ts";
import { planCandidates } from "../training/plan.ts";
import type { DataShape } from "../training/trainer.ts";
import type { Candidate, TrainingSpec } from "../training/training-spec.ts";
import type { Choice } from "./family.ts";
import type { FittedMember, MemberRows } from "./fit-member.ts";

/** What competes with the parent for a member. */
export interface Contender {
  readonly id: string;
  readonly choice: Choice;
  fit(rows: Uint32Array): FittedMember;
  /** Part by part, as far as it came. */
  readonly losses: Float64Array[];
  readonly parts: FittedMember[];
}

/** How strongly a correction of the parent is drawn to none at all, the strongest first. */
const STRENGTHS = [30, 3] as const;

export const corrections = (spec: TrainingSpec, member: MemberRows): Contender[] =>
  STRENGTHS.map((strength) => correction(spec, member, strength));

/** The first configuration of each trainer: between members, the kind of model decides, not its fine print. @param rows to learn from. */
export function ownModels(
  spec: TrainingSpec,
  member: MemberRows,
  trainers: readonly string[],
  rows: number,
): Contender[] {
  const shape: DataShape = {
    ...{ task: spec.task, rows, width: spec.columns.length, outputs: 1, bagFeatures: 0 },
    ...(spec.monotone ? { monotone: true } : {}),
  };
  const planned = trainers.flatMap((name) => planCandidates([name], spec.task, shape).slice(0, 1));
  return planned.map((candidate) => ownModel(spec, member, candidate));
}

/** What the parent says, as log-odds or number, goes in with weight 1; every weight is drawn to where that leaves it. */
function correction(spec: TrainingSpec, member: MemberRows, strength: number): Contender {
  const { design, encoder } = member.over;
  const prior = new Float64Array(columnsOf(design) + 1);
  prior[design.width - 1] = 1;
  const task = spec.task as "binary" | "regression";
  return {
    ...{ id: `shrunk-${strength}`, choice: "shrunk", losses: [], parts: [] },
    fit(rows) {
      const target = valuesAt(member.target, rows);
      const weights = rowWeights(spec, target);
      const learned = fitPooled(task, takeDesign(design, rows), target, {
        ...{ prior, strength },
        ...(weights ? { rowWeights: weights } : {}),
      });
      return { encoder, model: pooledModel(task, learned, design), features: design };
    },
  };
}

function ownModel(spec: TrainingSpec, member: MemberRows, candidate: Candidate): Contender {
  const trainer = trainerNamed(candidate.trainer);
  const { design, encoder } = trainer.style === "tree" ? member.tree : member.smooth;
  return {
    ...{ id: candidate.id, choice: "own", losses: [], parts: [] },
    fit(rows) {
      const target = valuesAt(member.target, rows);
      const weights = rowWeights(spec, target);
      const model = trainer.fit({
        ...{ design: takeDesign(design, rows), target },
        ...{ task: spec.task, classes: spec.classes.length, seed: spec.seed, threads: 1 },
        ...(weights ? { weights } : {}),
        ...(spec.monotone ? { monotone: spec.monotone } : {}),
        params: trainer.params.parse(candidate.params),
      });
      return { encoder, features: design, model };
    },
  };
}
