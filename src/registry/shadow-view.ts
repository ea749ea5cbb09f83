import type { Shadow } from "../../sdk/src/contract/models.ts";
import type { SequentialDecision } from "../stats/sequential.ts";

/**
 * How the comparison of a challenger with the champion stands.
 * @param decision of the last time it was judged; undefined = not judged yet.
 */
export const shadowView = (input: {
  readonly challenger: number;
  readonly since: number | undefined;
  readonly minPairs: number;
  readonly decision: Pick<SequentialDecision, "pairs" | "challenger" | "reason"> | null | undefined;
}): Shadow => ({
  challenger: input.challenger,
  since: input.since ?? null,
  pairs: input.decision?.pairs ?? 0,
  needed: input.minPairs,
  eValue: input.decision?.challenger ?? null,
  text:
    input.decision?.reason ?? "Not judged yet: no labels have come for rows that both answered.",
});
