import { MillwrightError } from "../errors.ts";

/** There is no file of the model, or none that can be served: asking again would not help. */
export const isUnloadable = (error: unknown): boolean =>
  error instanceof MillwrightError &&
  (error.code === "not_found" || error.code === "invalid_model");
