import { z } from "zod";
import { random } from "../../lib/random.ts";
import type { Scores } from "../../lib/task.ts";
import { quantile } from "../../stats/descriptive.ts";
import { ece } from "../metrics/ece.ts";
import { valueInWords } from "../wording.ts";
import type { Gate } from "./gate.ts";

const params = z.strictObject({
  /** Largest expected calibration error. */
  max: z.number().positive().max(1).default(0.05),
  /** Fail instead of warn. */
  block: z.boolean().default(false),
});

/**
 * The error is biased upwards on few rows: a perfectly honest model shows some too. So it is compared with what honest
 * probabilities would show on these rows (200 draws of the outcomes from the predicted probabilities, 95th percentile).
 */
export const calibrated: Gate<z.infer<typeof params>> = {
  name: "calibrated",
  description:
    "Binary models: promised probabilities come true, expected calibration error at most 0.05 or no more than chance explains.",
  params,
  judge({ task, target, candidate, seed }, { max, block }) {
    if (task !== "binary")
      return {
        outcome: "pass",
        reason: "only binary models are judged on calibration",
        detail: null,
      };
    const error = ece.compute(candidate.scores, target);
    const detail = { ece: error, max };
    const seen = `expected calibration error ${valueInWords(error)}`;
    if (error <= max)
      return { outcome: "pass", reason: `${seen}, at most ${max} is allowed`, detail };
    const chance = honestError(candidate.scores, seed);
    if (error <= chance)
      return {
        outcome: "pass",
        reason: `${seen} is above ${max}, but on ${target.length} rows even honest probabilities reach ${valueInWords(chance)}`,
        detail,
      };
    return {
      outcome: block ? "fail" : "warn",
      reason: `${seen} is above ${max} (honest probabilities would stay below ${valueInWords(chance)} here): probabilities do not mean what they say. Calibrate the model, and do not set thresholds by probability`,
      detail,
    };
  },
};

function honestError(scores: Scores, seed: number): number {
  const rng = random(seed).split("calibrated");
  const errors = Float64Array.from({ length: 200 }, () =>
    ece.compute(
      scores,
      scores.values.map((p) => (rng.next() < p ? 1 : 0)),
    ),
  );
  return quantile(errors.sort(), 0.95);
}
