import { rowsWhere } from "../lib/rows-where.ts";
import type { Target } from "../lib/task.ts";
import { valuesAt } from "../lib/values-at.ts";
import type { Design, Encoder } from "../training/encoding/encoding.ts";
import { takeDesign } from "../training/encoding/take-design.ts";
import { sampleRows } from "../training/sample-rows.ts";
import type { FittedModel } from "../training/trainer.ts";
import type { TrainingSpec } from "../training/training-spec.ts";
import { type Contender, corrections, ownModels } from "./contenders.ts";
import { type Choice, type LevelTask, PARTS } from "./family.ts";
import { lossesOf, type Spread, spreadOf } from "./loss.ts";
import { TEST } from "./parts.ts";
import { proofOf } from "./proof.ts";

export interface MemberRows {
  readonly target: Target;
  readonly parts: Int8Array;
  /** What the parent says of each row: on training rows by models that have not seen their part. */
  readonly parent: Float64Array;
  readonly smooth: { readonly encoder: Encoder; readonly design: Design };
  readonly tree: { readonly encoder: Encoder; readonly design: Design };
  /** `smooth`, and behind it what the parent says. */
  readonly over: { readonly encoder: Encoder; readonly design: Design };
}

/** A model with the features it reads. */
export interface FittedMember {
  readonly encoder: Encoder;
  readonly model: FittedModel;
  /** Of all rows of the member. */
  readonly features: Design;
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
}

/** A candidate whose loss on the first part is so many standard errors above the best leaves. */
const HOPELESS = 1;

/** So many rows say which kind of model does best; the one chosen learns from all. */
const COMPARED_ROWS = 10_000;

/**
 * One member: the parent, linear corrections of what it says and, with rows enough, models of its own compete on the parts of the
 * training rows; the best (of those within one standard error of it the simplest) is compared with the parent on the test rows.
 */
export function fitMember(
  spec: TrainingSpec,
  member: MemberRows,
  options: Pick<LevelTask, "enough" | "trainers" | "proof" | "pooling">,
): MemberFit {
  const { target, parts } = member;
  const { enough, proof } = options;
  const where = (keep: (part: number) => boolean) =>
    rowsWhere(parts.length, (row) => keep(parts[row]!));
  const train = where((part) => part !== TEST);
  const test = where((part) => part === TEST);
  const without = Array.from({ length: PARTS }, (_, part) =>
    where((p) => p !== TEST && p !== part),
  );
  const sampled = train.length > COMPARED_ROWS;
  const some = (rows: Uint32Array) => sampleRows(rows, COMPARED_ROWS, spec.seed);
  const learned = without.map(some);
  const held = Array.from({ length: PARTS }, (_, part) => some(where((p) => p === part)));
  const classes = spec.task === "binary" ? countClasses(target, train) : undefined;
  const learnable =
    held.every((rows) => rows.length > 0) &&
    learned.every((rows) => classes === undefined || twoClasses(target, rows));
  const shrunk = learnable && options.pooling ? corrections(spec, member) : [];
  const alone =
    learnable &&
    train.length >= enough.rows &&
    (classes === undefined || Math.min(...classes) >= enough.perClass);
  const own = alone ? ownModels(spec, member, options.trainers, learned[0]!.length) : [];
  const contenders = [...shrunk, ...own];
  const parentLosses = held.map((rows) =>
    lossesAt(spec, member, rows, valuesAt(member.parent, rows)),
  );

  let racing: readonly Contender[] = contenders;
  for (let part = 0; part < PARTS; part++) {
    for (const contender of racing) {
      const fitted = contender.fit(learned[part]!);
      contender.parts.push(fitted);
      const scores = scoresAt(fitted, held[part]!);
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
  const onTest = lossesAt(spec, member, test, valuesAt(member.parent, test));
  const before = {
    parentLoss: spreadOf(onTest).mean,
    parentReference: spreadOf(flat([...parentLosses, onTest])),
  };
  const parent = (reason: string): MemberFit => ({
    ...{ choice: "parent", candidate: "parent", tried, reason, whole: undefined },
    ...{ loss: before.parentLoss, reference: before.parentReference, ...before, p: null },
    everything: noModel,
    withoutPart: noModel,
  });
  if (best === undefined) return parent(whyThin(train.length, classes));
  if (proof && tried[best.id as keyof typeof tried]! >= tried.parent)
    return parent(`nothing did better than the parent on its ${train.length} training rows`);
  if (proof && test.length < enough.test)
    return parent(`${test.length} test rows prove nothing; ${enough.test} are needed`);
  const whole = best.fit(train);
  const losses = lossesAt(spec, member, test, scoresAt(whole, test));
  return {
    ...{ choice: best.choice, candidate: best.id, tried, whole, reason: undefined },
    ...{
      ...before,
      loss: spreadOf(losses).mean,
      reference: spreadOf(flat([...best.losses, losses])),
    },
    p: proofOf(spec, onTest, losses).p,
    everything: () => best.fit(where(() => true)),
    withoutPart: (part) => (sampled ? best.fit(without[part]!) : best.parts[part]!),
  };
}

function noModel(): never {
  throw new Error("a member that uses its parent has no model");
}

function scoresAt(fitted: FittedMember, rows: Uint32Array): Float64Array {
  return fitted.model.predict(takeDesign(fitted.features, rows)).values;
}

const lossesAt = (
  spec: TrainingSpec,
  member: MemberRows,
  rows: Uint32Array,
  scores: Float64Array,
): Float64Array => lossesOf(spec, scores, valuesAt(member.target, rows));

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
