import type { Target } from "../lib/task.ts";
import { trainerNamed } from "../training/candidate.ts";
import type { Design, Encoder } from "../training/encoding/encoding.ts";
import { takeDesign } from "../training/encoding/take-design.ts";
import { type Coefficients, fitPooled, pooledModel } from "../training/linear/pooled.ts";
import type { FittedModel } from "../training/trainer.ts";
import type { Candidate, TrainingSpec } from "../training/training-spec.ts";
import { type Choice, type LevelTask, PARTS } from "./family.ts";
import { lossesOf, type Spread, spreadOf } from "./loss.ts";
import { TEST } from "./parts.ts";
import { proofOf } from "./proof.ts";

export interface MemberRows {
  readonly target: Target;
  readonly parts: Int8Array;
  /** What the parent says of each row: on training rows by models that have not seen their part. */
  readonly parent: Float64Array;
  /** Linear models the member is drawn to: one a part, then that of all parts. */
  readonly prior: readonly Coefficients[];
  readonly smooth: { readonly encoder: Encoder; readonly design: Design };
  readonly tree: { readonly encoder: Encoder; readonly design: Design };
}

/** A model with the features it reads. */
export interface FittedMember {
  readonly encoder: Encoder;
  readonly model: FittedModel;
}

export interface MemberFit {
  readonly choice: Choice;
  readonly candidate: string;
  readonly tried: Readonly<Record<string, number>>;
  /** On the test rows; NaN without. */
  readonly loss: number;
  readonly parentLoss: number;
  /** On all rows that were not learned from. */
  readonly reference: Spread;
  readonly parentReference: Spread;
  readonly p: number | null;
  readonly reason: string | undefined;
  /** The chosen model, learned from all parts; undefined for the parent. */
  readonly whole: FittedMember | undefined;
  /** Learned from all rows, the test rows included. */
  everything(): FittedMember;
  /** Learned from all parts but one. */
  withoutPart(part: number): FittedMember;
  readonly linear: readonly Coefficients[];
}

/** How strongly a member may be drawn to its parent, the strongest first. */
const STRENGTHS = [30, 3] as const;
/** A candidate whose loss on the first part is so many standard errors above the best leaves. */
const HOPELESS = 2;

interface Contender {
  readonly id: string;
  readonly choice: Choice;
  /** @param rows learned from; `part` names the prior that has not seen the others. */
  fit(rows: Uint32Array, part: number): FittedMember;
  readonly losses: Float64Array[];
  readonly parts: FittedMember[];
}

/**
 * One member: the parent, linear models drawn to it and, with rows enough, models of its own compete on the parts of its training
 * rows; the best (of those within one standard error of it the simplest) is compared with the parent on the test rows.
 */
export function fitMember(
  spec: TrainingSpec,
  member: MemberRows,
  options: Pick<LevelTask, "enough" | "candidates" | "proof" | "pooling"> & {
    /** Also where the parent does better: for members of the level below. */
    readonly keepLinear: boolean;
  },
): MemberFit {
  const { target, parts } = member;
  const { enough, proof } = options;
  const where = (keep: (part: number) => boolean) =>
    Uint32Array.from(parts.keys()).filter((row) => keep(parts[row]!));
  const train = where((part) => part !== TEST);
  const test = where((part) => part === TEST);
  const without = Array.from({ length: PARTS }, (_, part) =>
    where((p) => p !== TEST && p !== part),
  );
  const held = Array.from({ length: PARTS }, (_, part) => where((p) => p === part));
  const classes = spec.task === "binary" ? countClasses(target, train) : undefined;
  const learnable =
    held.every((rows) => rows.length > 0) &&
    without.every((rows) => classes === undefined || twoClasses(target, rows));
  const shrunk =
    learnable && options.pooling
      ? STRENGTHS.map((strength) => shrunkTo(spec, member, strength))
      : [];
  const alone =
    learnable &&
    train.length >= enough.rows &&
    (classes === undefined || Math.min(...classes) >= enough.perClass);
  const own = alone ? options.candidates.map((c) => ownModel(spec, member, c)) : [];
  const contenders = [...shrunk, ...own];
  const parentLosses = held.map((rows) => lossesAt(spec, member, rows, pick(member.parent, rows)));

  let racing: readonly Contender[] = contenders;
  for (let part = 0; part < PARTS; part++) {
    for (const contender of racing) {
      const fitted = contender.fit(without[part]!, part);
      contender.parts.push(fitted);
      const scores = scoresAt(fitted, member, held[part]!);
      contender.losses.push(lossesAt(spec, member, held[part]!, scores));
    }
    if (part === 0) racing = racing.filter((contender) => !isHopeless(contender, racing));
  }
  const standing = racing.map((contender) => ({ contender, losses: flat(contender.losses) }));
  const tried = {
    parent: spreadOf(flat(parentLosses)).mean,
    ...Object.fromEntries(standing.map((s) => [s.contender.id, spreadOf(s.losses).mean])),
  };
  const best = simplestOfBest(standing);
  const linear = options.keepLinear ? linearOf(spec, member, learnable, { train, without }) : [];
  const onTest = lossesAt(spec, member, test, pick(member.parent, test));
  const before = {
    parentLoss: spreadOf(onTest).mean,
    parentReference: spreadOf(flat([...parentLosses, onTest])),
  };
  const parent = (reason: string): MemberFit => ({
    ...{ choice: "parent", candidate: "parent", tried, linear, reason, whole: undefined },
    ...{ loss: before.parentLoss, reference: before.parentReference, ...before, p: null },
    everything: noModel,
    withoutPart: noModel,
  });
  if (best === undefined) return parent(whyThin(train.length, classes));
  if (proof && tried[best.id as keyof typeof tried]! >= tried.parent)
    return parent(`nothing did better than the parent on its ${train.length} training rows`);
  if (proof && test.length < enough.test)
    return parent(`${test.length} test rows prove nothing; ${enough.test} are needed`);
  const whole = best.fit(train, PARTS);
  const losses = lossesAt(spec, member, test, scoresAt(whole, member, test));
  return {
    ...{ choice: best.choice, candidate: best.id, tried, linear, whole, reason: undefined },
    ...{
      ...before,
      loss: spreadOf(losses).mean,
      reference: spreadOf(flat([...best.losses, losses])),
    },
    p: proofOf(spec.task, onTest, losses).p,
    everything: () =>
      best.fit(
        where(() => true),
        PARTS,
      ),
    withoutPart: (part) => best.parts[part]!,
  };
}

function noModel(): never {
  throw new Error("a member that uses its parent has no model");
}

const shrunkTo = (spec: TrainingSpec, member: MemberRows, strength: number): Contender => ({
  ...{ id: `shrunk-${strength}`, choice: "shrunk", losses: [], parts: [] },
  fit(rows, part) {
    const { design, encoder } = member.smooth;
    const task = spec.task as "binary" | "regression";
    const learned = fitPooled(task, takeDesign(design, rows), pick(member.target, rows), {
      ...{ prior: member.prior[part]!, strength },
    });
    return { encoder, model: pooledModel(task, learned, design) };
  },
});

function ownModel(spec: TrainingSpec, member: MemberRows, candidate: Candidate): Contender {
  const trainer = trainerNamed(candidate.trainer);
  const { design, encoder } = trainer.style === "tree" ? member.tree : member.smooth;
  return {
    ...{ id: candidate.id, choice: "own", losses: [], parts: [] },
    fit: (rows) => ({
      encoder,
      model: trainer.fit({
        ...{ design: takeDesign(design, rows), target: pick(member.target, rows) },
        ...{ task: spec.task, classes: spec.classes.length, seed: spec.seed, threads: 1 },
        params: trainer.params.parse(candidate.params),
      }),
    }),
  };
}

/** What is passed down: the member's linear model, drawn to its parent's, by parts and whole. */
function linearOf(
  spec: TrainingSpec,
  member: MemberRows,
  learnable: boolean,
  rows: { readonly train: Uint32Array; readonly without: readonly Uint32Array[] },
): readonly Coefficients[] {
  if (!learnable) return member.prior;
  const task = spec.task as "binary" | "regression";
  return [...rows.without, rows.train].map((learned, part) =>
    fitPooled(task, takeDesign(member.smooth.design, learned), pick(member.target, learned), {
      ...{ prior: member.prior[part]!, strength: STRENGTHS[0] },
    }),
  );
}

function scoresAt(fitted: FittedMember, member: MemberRows, rows: Uint32Array): Float64Array {
  const { design } = fitted.encoder.style === "tree" ? member.tree : member.smooth;
  return fitted.model.predict(takeDesign(design, rows)).values;
}

const lossesAt = (
  spec: TrainingSpec,
  member: MemberRows,
  rows: Uint32Array,
  scores: Float64Array,
): Float64Array => lossesOf(spec.task, scores, pick(member.target, rows));

const pick = (values: Float64Array, rows: Uint32Array): Float64Array =>
  Float64Array.from(rows, (row) => values[row]!);

const flat = (parts: readonly Float64Array[]): Float64Array =>
  Float64Array.from(parts.flatMap((part) => [...part]));

function isHopeless(contender: Contender, racing: readonly Contender[]): boolean {
  const own = contender.losses[0]!;
  return racing.some((other) => {
    const { mean, deviation, n } = spreadOf(own.map((loss, i) => loss - other.losses[0]![i]!));
    return mean > (HOPELESS * deviation) / Math.sqrt(n);
  });
}

/** Of those within one standard error (of the paired differences) of the best, the first: the list goes from simple to complex. */
function simplestOfBest(
  standing: readonly { readonly contender: Contender; readonly losses: Float64Array }[],
): Contender | undefined {
  const mean = (losses: Float64Array) => spreadOf(losses).mean;
  const best = [...standing].sort((a, b) => mean(a.losses) - mean(b.losses))[0];
  return standing.find(({ losses }) => {
    const { mean, deviation, n } = spreadOf(losses.map((loss, i) => loss - best!.losses[i]!));
    return mean <= deviation / Math.sqrt(n);
  })?.contender;
}

function countClasses(target: Target, rows: Uint32Array): readonly [number, number] {
  const positive = rows.reduce((n, row) => n + target[row]!, 0);
  return [rows.length - positive, positive];
}

const twoClasses = (target: Target, rows: Uint32Array): boolean =>
  Math.min(...countClasses(target, rows)) > 0;

const whyThin = (rows: number, classes: readonly [number, number] | undefined): string =>
  classes === undefined
    ? `its ${rows} training rows are too few`
    : `its ${rows} training rows hold ${classes[1]} of the one class and ${classes[0]} of the other, too few to learn from`;
