import type { OpenTeam } from "../engine/compute.ts";
import { MillwrightError } from "../errors.ts";
import type { Abort } from "../lib/abort.ts";
import type { Target } from "../lib/task.ts";
import { valuesAt } from "../lib/values-at.ts";
import { type Table, takeRows } from "../table/table.ts";
import { rowWeights } from "./class-weights.ts";
import type { Encoder } from "./encoding/encoding.ts";
import { fitEncoder } from "./encoding/fit-encoder.ts";
import type { FittedModel, Trainer } from "./trainer.ts";
import { TRAINERS } from "./trainers/all.ts";
import type { Candidate, TrainingSpec } from "./training-spec.ts";

export interface FittedCandidate {
  readonly encoder: Encoder;
  readonly model: FittedModel;
}

/** Keeps what was made last under its key: candidates share the rows of a fold, those of one style their encoding. Keys begin `data/spec/`. */
export type Remember = <T>(key: string, make: () => T) => T;

export interface Threads {
  readonly threads: number;
  readonly openTeam: OpenTeam | undefined;
  readonly signal: Abort | undefined;
  readonly remember?: Remember;
}

export function trainerNamed(name: string): Trainer {
  const found = TRAINERS.find((t) => t.name === name);
  if (found) return found;
  const known = TRAINERS.map((t) => t.name).join(", ");
  throw new MillwrightError(
    "invalid_config",
    `There is no trainer "${name}". Known trainers: ${known}.`,
  );
}

/** Feature pipeline and model, fitted on the given rows. Deterministic for (rows, candidate, spec.seed), whatever the threads. */
export function fitCandidate(
  spec: TrainingSpec,
  candidate: Candidate,
  data: {
    readonly table: Table;
    readonly target: Target;
    readonly rows: Uint32Array;
    /** Names (table, rows) for `remember`; nothing is remembered without. */
    readonly name?: string;
  },
  threads: Threads,
): FittedCandidate {
  const trainer = trainerNamed(candidate.trainer);
  const target = valuesAt(data.target, data.rows);
  const weights = rowWeights(spec, target);
  const encode = () =>
    fitEncoder({
      table: takeRows(data.table, data.rows),
      columns: spec.columns,
      target,
      task: spec.task,
      classes: spec.classes.length,
      style: trainer.style,
      seed: spec.seed,
      ...(threads.signal ? { signal: threads.signal } : {}),
    });
  const { encoder, design } =
    data.name === undefined || threads.remember === undefined
      ? encode()
      : threads.remember(`${data.name}/${trainer.style}`, encode);
  const model = trainer.fit({
    design,
    target,
    task: spec.task,
    classes: spec.classes.length,
    params: trainer.params.parse(candidate.params),
    ...(weights ? { weights } : {}),
    ...(spec.monotone ? { monotone: spec.monotone } : {}),
    seed: spec.seed,
    threads: threads.threads,
    ...(threads.openTeam ? { openTeam: threads.openTeam } : {}),
    ...(threads.signal ? { signal: threads.signal } : {}),
  });
  return { encoder, model };
}
