import { invalidParameter } from "../mlflow/errors.ts";
import { absent, integer, list, text } from "../mlflow/fields.ts";
import { pageToken } from "../mlflow/page-token.ts";
import { parseFilter } from "../search/filter.ts";
import { positionJson, readPosition } from "../search/keyset.ts";
import { TRACES } from "../search/kinds.ts";
import { parseOrder } from "../search/order.ts";
import { experimentNumber } from "./read-trace.ts";
import type { TraceStore } from "./store.ts";
import type { Trace } from "./trace.ts";
import { traceOrder } from "./trace-filter.ts";

const MAX_FOUND = 500;

export const searchFields = () => ({
  filter: absent(text()),
  max_results: absent(integer()),
  order_by: list(text()),
  page_token: absent(text()),
});

export interface SearchWish {
  readonly filter?: string | undefined;
  /** 100 when left out. */
  readonly max_results?: number | undefined;
  readonly order_by: readonly string[];
  readonly page_token?: string | undefined;
}

/** One page of a search, and the token of the next where there is one. */
export async function searchTraces(
  { traces }: { readonly traces: Pick<TraceStore, "search"> },
  experiments: readonly string[],
  { filter, max_results: limit = 100, order_by: wishes, page_token: token }: SearchWish,
): Promise<{ readonly found: readonly Trace[]; readonly next: string | undefined }> {
  checkLimit(limit);
  if (experiments.length === 0)
    throw invalidParameter("Missing value for required parameter 'locations': name an experiment.");
  const order = traceOrder(parseOrder(wishes, TRACES));
  const given = JSON.stringify([experiments, filter ?? "", wishes]);
  const rows = await traces.search({
    ...{ experiments: experiments.map(experimentNumber), order, limit: limit + 1 },
    clauses: parseFilter(filter, TRACES),
    after: token ? readPosition(token, given, order) : undefined,
  });
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    found: page.map(({ trace }) => trace),
    next: last && rows.length > limit ? pageToken([given, positionJson(last.position)]) : undefined,
  };
}

function checkLimit(limit: number): void {
  if (limit < 1)
    throw invalidParameter(
      `Invalid value ${limit} for parameter 'max_results' supplied. It must be a positive integer.`,
    );
  if (limit > MAX_FOUND)
    throw invalidParameter(
      `Invalid value for request parameter max_results. It must be at most ${MAX_FOUND}, but got value ${limit}`,
    );
}
