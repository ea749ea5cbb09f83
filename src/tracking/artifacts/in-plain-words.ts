import { MillwrightError } from "../../errors.ts";
import { mlflowError } from "../mlflow/errors.ts";

/** What the disk says while files are kept becomes words for a caller, who need not know the server's folders. */
export async function inPlainWords<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof MillwrightError)) throw error;
    if (error.code === "storage_full")
      throw mlflowError(
        "RESOURCE_EXHAUSTED",
        "The disk that keeps the artifacts is full. Nothing of this file was kept: free some space (see millwright gc), then send it again.",
      );
    const { code } = (error.cause ?? {}) as { readonly code?: string };
    if (code === "EACCES" || code === "EROFS")
      throw mlflowError(
        "TEMPORARILY_UNAVAILABLE",
        "The disk that keeps the artifacts cannot be written at the moment.",
      );
    throw error;
  }
}
