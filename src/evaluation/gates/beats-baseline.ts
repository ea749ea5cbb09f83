import { z } from "zod";
import { compareByBootstrap } from "../comparison.ts";
import { finite, improvementInWords, valueInWords } from "../wording.ts";
import type { Gate } from "./gate.ts";

const params = z.strictObject({
  /** Improvement that the lower 95 % bound must exceed, in the metric's unit. */
  margin: z.number().min(0).default(0),
});

/** A model that does not beat guessing by the class shares (or the mean) has learnt nothing. */
export const beatsBaseline: Gate<z.infer<typeof params>> = {
  name: "beats_baseline",
  description:
    "The candidate is better than the naive baseline: the lower 95 % bound of the improvement (paired bootstrap, 2,000 resamples) is above 0.",
  params,
  judge({ metric, target, candidate, baseline, seed }, { margin }) {
    if (baseline === undefined)
      return {
        outcome: "warn",
        reason: "no baseline was scored, so nothing shows that the candidate learnt anything",
        detail: null,
      };
    const c = compareByBootstrap(metric, candidate.scores, baseline.scores, target, { seed });
    const pass = c.lower > margin;
    const seen = `${candidate.name} has ${metric.name} ${valueInWords(c.a)}, ${baseline.name} ${valueInWords(c.b)}: ${improvementInWords(metric, c)}`;
    return {
      outcome: pass ? "pass" : "fail",
      reason: pass
        ? `${seen} on ${target.length} rows`
        : `${seen} on ${target.length} rows; not shown to be better than the baseline. Look at the features, or add rows`,
      detail: {
        candidate: finite(c.a),
        baseline: finite(c.b),
        improvement: finite(c.improvement),
        lower: finite(c.lower),
        upper: finite(c.upper),
      },
    };
  },
};
