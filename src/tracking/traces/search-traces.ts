import { invalidParameter } from "../mlflow/errors.ts";
import { absent, list, text } from "../mlflow/fields.ts";
import { parseFilter } from "../search/filter.ts";
import { TRACES } from "../search/kinds.ts";
import { parseOrder } from "../search/order.ts";
import { maxResults, positionOf, tokenAfter } from "../search/page.ts";
import { experimentNumber } from "./read-trace.ts";
import type { TraceStore } from "./store.ts";
import type { Trace } from "./trace.ts";
import { traceOrder } from "./trace-filter.ts";

export const searchFields = () => ({
  filter: absent(text()),
  max_results: maxResults(100, 500),
  order_by: list(text()),
  page_token: absent(text()),
});

export interface SearchWish {
  readonly filter?: string | undefined;
  readonly max_results: number;
  readonly order_by: readonly string[];
  readonly page_token?: string | undefined;
}

/** One page of a search, and the token of the next where there is one. */
export async function searchTraces(
  { traces }: { readonly traces: Pick<TraceStore, "search"> },
  experiments: readonly string[],
  { filter, max_results: limit, order_by: wishes, page_token: token }: SearchWish,
): Promise<{ readonly found: readonly Trace[]; readonly next: string | undefined }> {
  if (experiments.length === 0)
    throw invalidParameter(
      "Missing value for required parameter 'locations' (of old clients 'experiment_ids'): name an experiment.",
    );
  const order = traceOrder(parseOrder(wishes, TRACES));
  const given = [experiments, filter ?? "", wishes];
  const { items, next } = await traces.search({
    ...{ experiments: experiments.map(experimentNumber), order, limit },
    clauses: parseFilter(filter, TRACES),
    after: positionOf(token, given, order),
  });
  return { found: items, next: tokenAfter(next, given) };
}
