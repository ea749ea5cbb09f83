import type { Pipeline } from "../engine/engine.ts";
import { MillwrightError } from "../errors.ts";
import type { Evaluated, EvaluateInput, Evaluation } from "../evaluation/evaluate.ts";
import type { Digest } from "../lib/digest.ts";
import { utf8Text } from "../lib/utf8.ts";
import { fitChosen } from "./fit-chosen.ts";
import type { Recipe } from "./keep-recipe.ts";
import type { Platform } from "./platform.ts";
import { type Reproduction, reproduction } from "./reproduction.ts";

export interface ReproduceInput {
  readonly model: string;
  readonly version: Digest;
}

export type ReproduceOutcome = Reproduction & {
  readonly model: string;
  readonly number: number;
  /** In words. */
  readonly decision: string;
};

/**
 * Fits the recorded candidate of a version once more, on the recorded data with the recorded seed, and judges what comes out: the
 * same file, another file with the same figures on the same held-out rows, or another model. Changes nothing that is served.
 */
export const reproduce = (platform: Platform): Pipeline<ReproduceInput, ReproduceOutcome> => ({
  name: "reproduce",
  async run(steps, { model, version: id }) {
    const known = await steps.step("look up", async () => {
      const version = await platform.registry.get(id);
      if (!version || version.model !== model)
        throw new MillwrightError("not_found", `Model ${model} has no version ${id}.`);
      if (version.recipe === undefined || version.report === undefined)
        throw new MillwrightError(
          "unsupported",
          `Version ${version.number} of ${model} cannot be made again: ${version.origin ? "it was made elsewhere, and only its file is here" : "it was trained before recipes were kept with versions"}.`,
        );
      const { code } = await platform.project();
      const bytes = await platform.blobs.get(version.recipe);
      const recipe: Recipe = JSON.parse(utf8Text(bytes));
      const was = { code: version.code, environment: version.environment };
      const now = { code, environment: platform.environment };
      return { number: version.number, onnx: version.onnx, recipe, was, now };
    });
    const { number, onnx, recipe, was, now } = known;
    const { spec, data, schema, candidate, baselines } = recipe;
    const fit = await fitChosen(platform, { steps, spec, data: { data, schema }, candidate });
    const same = fit.served.onnx === onnx;
    const again = same
      ? undefined
      : await steps.step("evaluate", async (step) => {
          const judge: EvaluateInput = {
            ...{ spec, data, fit, candidate, baselines, gates: [], abstain: null, champion: null },
          };
          const { evaluation } = await platform.compute.run<Evaluated>("evaluate", judge, step);
          const bytes = await platform.blobs.get(evaluation);
          const found: Evaluation = JSON.parse(utf8Text(bytes));
          return found.report.metrics;
        });
    return steps.step("judge", async () => {
      const { report } = await platform.evaluationOf((await platform.registry.get(id))!);
      const judged = reproduction({
        ...{ sameBytes: same, recorded: report.metrics, again: again ?? report.metrics, was, now },
      });
      return { ...judged, model, number, decision: judged.summary };
    });
  },
});
