import type { Route } from "../route.ts";
import { decide, hasChampion, servedVersions } from "../routing.ts";

/** How many requests of this protocol one version answered since the process started, in the words of the statistics extension. */
export interface ModelStatistics {
  readonly name: string;
  readonly version: string;
  /** Milliseconds since 1970; 0 = never. */
  readonly last_inference: number;
  /** Rows. */
  readonly inference_count: number;
  /** Requests; the runtime joins those of the same moment into fewer runs. */
  readonly execution_count: number;
  readonly inference_stats: Readonly<Record<(typeof DURATIONS)[number], Duration>>;
  readonly batch_stats: readonly never[];
  readonly memory_usage: readonly never[];
}

interface Duration {
  readonly count: number;
  readonly ns: number;
}

/** Only success and fail are measured; the others stay 0. */
const DURATIONS = [
  "success",
  "fail",
  "queue",
  "compute_input",
  "compute_infer",
  "compute_output",
  "cache_hit",
  "cache_miss",
] as const;

export interface Statistics {
  /** @param rows undefined when the request failed. @param at when it was answered, milliseconds since 1970. */
  count(name: string, version: string, rows: number | undefined, ms: number, at: number): void;
  of(name: string, version: string): ModelStatistics;
}

interface Counts {
  last: number;
  rows: number;
  success: number;
  successMs: number;
  fail: number;
  failMs: number;
}

const NEVER: Counts = { last: 0, rows: 0, success: 0, successMs: 0, fail: 0, failMs: 0 };

export function statistics(): Statistics {
  const all = new Map<string, Counts>();
  const key = (name: string, version: string): string => `${version} ${name}`;
  return {
    count(name, version, rows, ms, at) {
      const id = key(name, version);
      const counts = all.get(id) ?? { ...NEVER };
      all.set(id, counts);
      if (rows === undefined) {
        counts.fail++;
        counts.failMs += ms;
        return;
      }
      counts.last = at;
      counts.rows += rows;
      counts.success++;
      counts.successMs += ms;
    },
    of(name, version) {
      const { last, rows, success, successMs, fail, failMs } = all.get(key(name, version)) ?? NEVER;
      const none = Object.fromEntries(DURATIONS.map((d) => [d, { count: 0, ns: 0 }])) as Record<
        (typeof DURATIONS)[number],
        Duration
      >;
      return {
        ...{ name, version, last_inference: last, inference_count: rows },
        execution_count: success,
        inference_stats: {
          ...none,
          success: { count: success, ns: Math.round(successMs * 1e6) },
          fail: { count: fail, ns: Math.round(failMs * 1e6) },
        },
        batch_stats: [],
        memory_usage: [],
      };
    },
  };
}

/** Of every version of the routes, or of one. Throws `not_found` when it is not served. */
export function modelStatistics(
  statistics: Statistics,
  routes: readonly Route[],
  version?: string,
): { readonly model_stats: readonly ModelStatistics[] } {
  return {
    model_stats: routes.flatMap((route) => {
      const one = version !== undefined && hasChampion(route);
      const versions = one ? [decide(route, version).version] : servedVersions(route);
      return versions.map(({ number }) => statistics.of(route.model, String(number)));
    }),
  };
}
