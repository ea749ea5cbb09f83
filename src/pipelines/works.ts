import { z } from "zod";
import type { Digest } from "../lib/digest.ts";
import { durationMs } from "../lib/duration.ts";
import type { KeptFile } from "./pipeline.ts";
import type { Budget } from "./project.ts";
import { RunForm } from "./remote-run.ts";

/** Steps that the platform does. Each but `predict` is a run of its own, a child of the one that asks. */
export type Work = TrainWork | ScoreWork | PredictWork | ImportWork;

export interface TrainWork {
  readonly does: "train";
  readonly model: string;
  readonly reason?: string | undefined;
  readonly budget?: Budget | undefined;
  readonly again?: boolean | undefined;
}

export interface ScoreWork {
  readonly does: "score";
  readonly model: string;
  readonly input: string;
  readonly out: string;
  readonly version?: string | undefined;
  readonly reasons?: number | undefined;
  readonly top?: number | undefined;
  readonly forward?: true | { readonly to: string; readonly capacity: string } | undefined;
}

export interface PredictWork {
  readonly does: "predict";
  readonly model: string;
  readonly rows: readonly Readonly<Record<string, string | number | boolean | null>>[];
  readonly version?: string | undefined;
}

export interface ImportWork {
  readonly does: "import";
  readonly model: string;
  readonly file: KeptFile;
}

/** What the works give back, told here without all that they are made of: the types of a config load little. */
export interface Trained {
  readonly model: string;
  readonly number: number;
  readonly version: Digest;
  readonly dataset: Digest;
  readonly winner: string;
  readonly passed: boolean;
  readonly deployment: "promoted" | "canary" | "shadow" | "kept";
  /** In words: what was decided and why. */
  readonly decision: string;
  /** The earlier run whose result this is: nothing has changed since. */
  readonly reused?: string;
}

export interface Scored {
  readonly model: string;
  readonly number: number;
  readonly version: Digest;
  /** Absolute. */
  readonly out: string;
  readonly rows: number;
  readonly rejected: number;
  readonly rejectedFile: string | null;
  readonly forwarded: { readonly rows: number; readonly file: string | null } | null;
}

export interface Predicted {
  /** The more probable class; the number itself for regression; null when it abstains. */
  readonly label: string | number | null;
  readonly abstained?: boolean;
  /** Binary: of the positive class. */
  readonly probability?: number;
  readonly probabilities?: Readonly<Record<string, number>>;
  readonly value?: number;
  readonly version: number;
}

export interface Adopted {
  readonly model: string;
  readonly judged: boolean;
  /** null: it was not judged. */
  readonly passed: boolean | null;
  readonly number: number | null;
  readonly deployment: Trained["deployment"] | null;
  readonly decision: string;
}

export type WorkResult<W> = W extends TrainWork
  ? Trained
  : W extends ScoreWork
    ? Scored
    : W extends PredictWork
      ? readonly Predicted[]
      : Adopted;

/** Trains a model of the project, as `millwright train` does. */
export const train = (
  model: string,
  options: Omit<TrainWork, "does" | "model"> = {},
): TrainWork => ({
  ...{ does: "train", model },
  ...options,
});

/**
 * Scores every row of files, as `millwright score` does: `input` is a path or glob in the project, `out` a .parquet, .csv or .jsonl file
 * there. `forward`: true as the project says, or { to, capacity }.
 */
export const score = (model: string, options: Omit<ScoreWork, "does" | "model">): ScoreWork => ({
  ...{ does: "score", model },
  ...options,
});

/** What a version (the champion) says of up to 1,000 rows. Nothing is logged: for that there is the gateway. */
export const predict = (
  model: string,
  rows: PredictWork["rows"],
  options: Pick<PredictWork, "version"> = {},
): PredictWork => ({ ...{ does: "predict", model, rows }, ...options });

/** Makes an ONNX file that a program left a version: judged by the model's gates, where the project has a model of this name. */
export const importModel = (model: string, file: KeptFile): ImportWork => ({
  ...{ does: "import", model, file },
});

const name = z.string().min(1).max(100);
const version = z.string().min(1).optional();
const inside = z
  .string()
  .min(1)
  .refine((path) => !/^([\\/]|[A-Za-z]:)|(^|[\\/])\.\.([\\/]|$)/.test(path), {
    error: "write a path in the project's folder, relative to it",
  });

/** What a body may ask for; checked again here, since its types are only types. */
export const WorkForm = z.discriminatedUnion("does", [
  z.strictObject({
    ...{ does: z.literal("train"), model: name, reason: z.string().max(500).optional() },
    budget: z.custom<Budget>().optional(),
    again: z.boolean().optional(),
  }),
  z.strictObject({
    ...{ does: z.literal("score"), model: name, input: inside, out: inside, version },
    reasons: z.number().int().min(0).max(3).optional(),
    top: z.number().int().min(1).optional(),
    forward: z
      .union([z.literal(true), z.strictObject({ to: name, capacity: z.string() })])
      .optional(),
  }),
  z.strictObject({
    ...{ does: z.literal("predict"), model: name, version },
    rows: z
      .array(z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])))
      .max(1000),
  }),
  z.strictObject({
    ...{ does: z.literal("import"), model: name },
    file: z.strictObject(
      { digest: z.string().startsWith("sha256:"), bytes: z.number() },
      { error: 'give a file that a program left, such as made.files["model.onnx"]' },
    ),
  }),
]);

export const ProgramForm = z.strictObject({
  run: RunForm,
  requirements: z.string().min(1).optional(),
  python: z.string().min(1).optional(),
  files: z.array(z.string().min(1)).optional(),
  params: z.record(z.string(), z.json()).optional(),
  timeout: z
    .string()
    .refine((text) => durationMs(text) !== undefined, 'write such as "30m" or "4h"')
    .optional(),
});
