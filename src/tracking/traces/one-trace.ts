import { doesNotExist } from "../mlflow/errors.ts";
import type { TraceStore } from "./store.ts";
import type { Trace } from "./trace.ts";

/** A trace that must be there: throws RESOURCE_DOES_NOT_EXIST. */
export async function oneTrace(
  { traces }: { readonly traces: Pick<TraceStore, "get"> },
  id: string,
): Promise<Trace> {
  const [trace] = await traces.get([id]);
  if (trace === undefined) throw noTrace(id);
  return trace;
}

export const noTrace = (id: string): Error => doesNotExist(`Trace with ID '${id}' not found.`);
