import type { z } from "zod";
import type { StepOptions } from "../engine/bodies/protocol.ts";
import type { Steps } from "../engine/engine.ts";
import { MillwrightError } from "../errors.ts";
import type { Json } from "../lib/json.ts";
import type { AdoptInput, AdoptOutcome } from "./adopt-version.ts";
import type { ProgramStep } from "./pipeline.ts";
import type { Platform } from "./platform.ts";
import { predictHere } from "./predict-here.ts";
import type { ModelDefinition } from "./project.ts";
import { MODEL } from "./run-command.ts";
import type { RunProgramInput } from "./run-program.ts";
import type { ScoreInput } from "./score.ts";
import type { TrainInput } from "./train.ts";
import { ProgramForm, type Work, WorkForm } from "./works.ts";

/**
 * Does what a body asked for that is no function of its own. One operation of the journal each, begun before anything is awaited:
 * most are a fan-out of one, so that what they do is durable by itself. Throws `invalid_input` for what cannot be done.
 */
export async function doWork(
  platform: Platform,
  asked: {
    readonly steps: Steps;
    readonly pipeline: string;
    readonly name: string;
    readonly work: Json;
    readonly options: StepOptions;
    readonly folder: string;
    readonly forwards: Readonly<Record<string, ModelDefinition["forward"]>>;
  },
): Promise<Json> {
  const { steps, name, folder, options } = asked;
  const work = readWork(name, asked.work);
  const child = (pipeline: string, input: unknown) => onlyChild(steps, name, pipeline, input);
  if ("run" in work) {
    const of = { pipeline: asked.pipeline, run: steps.runId, step: name };
    const { cacheMs = null } = options;
    return child("run-program", { program: work, of, cacheMs } satisfies RunProgramInput);
  }
  const { model } = work;
  if (work.does === "train") {
    const { reason = `asked for by pipeline ${asked.pipeline}`, budget, again } = work;
    return child("train", {
      ...{ model, reason },
      ...(budget === undefined ? {} : { budget }),
      ...(again === undefined ? {} : { again }),
    } satisfies TrainInput);
  }
  if (work.does === "score") {
    const { input: source, out, version, reasons, top } = work;
    const forward = work.forward === true ? asked.forwards[model] : work.forward;
    if (work.forward === true && !forward)
      throw new MillwrightError(
        "invalid_input",
        `Step '${name}': forward: true: the project says nothing of forwarding for ${model}. Give { to, capacity }, or write it into millwright.config.ts.`,
      );
    return child("score", {
      ...{ model, source, folder, out: `${folder}/${out}`, makeFolder: true },
      ...(version === undefined ? {} : { version }),
      ...(reasons === undefined ? {} : { reasons }),
      ...(top === undefined ? {} : { top }),
      ...(forward ? { forward } : {}),
    } satisfies ScoreInput);
  }
  if (work.does === "predict")
    return steps.step(name, () => predictHere(platform, work)) as unknown as Promise<Json>;
  const files = { file: MODEL, onnx: work.file.digest, external: {}, wishes: {} };
  const adopted = await child("adopt", { model, files } satisfies AdoptInput);
  const { servable, decision } = adopted as unknown as AdoptOutcome;
  if (!servable) throw new MillwrightError("invalid_model", `Step '${name}': ${decision}`);
  return adopted;
}

/** A run that fails is an error of the step that asked for it. */
async function onlyChild(
  steps: Steps,
  name: string,
  pipeline: string,
  input: unknown,
): Promise<Json> {
  const [end] = await steps.fanOut<Json>(name, pipeline, [input]);
  if (end?.ok) return end.value;
  const { code, message } = end!.error;
  throw new MillwrightError(code, `Step '${name}' (run ${end!.runId}): ${message}`);
}

function readWork(name: string, asked: Json): Work | ProgramStep {
  const form = isProgram(asked) ? ProgramForm : WorkForm;
  const read: z.ZodSafeParseResult<unknown> = form.safeParse(asked);
  if (!read.success) {
    const [issue] = read.error.issues;
    const field = issue!.path.join(".");
    throw new MillwrightError(
      "invalid_input",
      `Step '${name}'${field === "" ? "" : `: ${field}`}: ${issue!.message}`,
    );
  }
  const work = read.data as Work | ProgramStep;
  if ("run" in work && !("elsewhere" in work.run))
    throw new MillwrightError(
      "invalid_input",
      `Step '${name}': run: say where: { run: process({ command: [${(work.run as readonly string[]).map((part) => JSON.stringify(part)).join(", ")}] }) }, or ray({…}), kubernetes({…}).`,
    );
  return work;
}

const isProgram = (asked: Json): boolean =>
  typeof asked === "object" && asked !== null && "run" in asked;
