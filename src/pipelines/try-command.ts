import { MillwrightError } from "../errors.ts";
import type { TryFileInput } from "../evaluation/try-file.ts";
import type { Trial } from "../training/race.ts";
import type { Platform } from "./platform.ts";
import { type CommandInput, type MadeByProgram, runCommand } from "./run-command.ts";

/** One round of the race for a program. One that fails is a trial with an error, as a fit that fails is. */
export async function tryCommand(
  deps: Parameters<typeof runCommand>[0] & Pick<Platform, "compute">,
  input: Omit<CommandInput, "part"> & {
    readonly fold: number;
    readonly folds: number;
    readonly maxRows: number;
    /** Where it has run elsewhere: takes what it made. */
    readonly take?: () => Promise<MadeByProgram>;
  },
): Promise<Trial> {
  const { candidate, spec, data, fold, folds, maxRows, step } = input;
  const blank: Trial = {
    ...{ candidate: candidate.id, fold, score: Number.NaN, standardError: Number.NaN },
    ...{ complexity: 0, seconds: 0, error: undefined },
  };
  try {
    const made = await (input.take?.() ??
      runCommand(deps, { ...input, part: { fold, folds, maxRows } }));
    const asked: TryFileInput = {
      ...{ spec, data: data.data, fold, folds, onnx: made.onnx },
      signature: made.imported.signature,
    };
    type Found = Pick<Trial, "score" | "standardError" | "bags">;
    const found = await deps.compute.run<Found>("try file", asked, step);
    const { seconds, metrics } = made;
    const error = Number.isFinite(found.score)
      ? undefined
      : `${spec.metric} is not defined on this fold`;
    const told = Object.keys(metrics).length > 0 ? { metrics } : {};
    return { ...blank, ...found, seconds, error, ...told };
  } catch (cause) {
    const told = cause instanceof MillwrightError && !cause.retryable && cause.code !== "cancelled";
    if (!told) throw cause;
    return { ...blank, error: cause.message };
  }
}
