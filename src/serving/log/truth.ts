import type { FeedbackRecord, PredictionRecord } from "../prediction.ts";
import { lastFeedback } from "../segment.ts";
import type { LoggedPrediction } from "./query.ts";

/** Each prediction with the feedback that counts: the last by `at`, whenever it arrived. */
export function joinTruth(
  predictions: readonly PredictionRecord[],
  feedback: readonly FeedbackRecord[],
): LoggedPrediction[] {
  const known = lastFeedback(feedback);
  return predictions.map((prediction) => {
    const truth = known.get(`${prediction.model}\n${prediction.id}`);
    return { ...prediction, truth: truth && { label: truth.label, at: truth.at } };
  });
}
