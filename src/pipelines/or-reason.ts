import { MillwrightError } from "../errors.ts";

/**
 * What `work` gives, or why it could not, in words: where a caller's mistake is the answer, and not the failure of the run. What the
 * same call may succeed with later is thrown on, and so is what has no words.
 */
export async function orReason<T>(
  work: () => Promise<T>,
): Promise<T | { readonly reason: string }> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof MillwrightError && !error.retryable) return { reason: error.message };
    throw error;
  }
}
