import type { Metric } from "../tracked-run.ts";

/** Says of a point of a run whether it is above all that were seen before; asked in the order of the points. */
export type IsNewest = (run: string, point: Metric) => boolean;

/**
 * The greatest (step, timestamp) that this process has written of each metric. A point above it is hardly in the table yet, so it
 * can be inserted without looking for an equal one, which saves a third of the server's work. Only a hint: what other processes
 * write is not known here, and the table's key finds out.
 */
export interface HighWater {
  /** For one statement. Metrics not known yet have no newest points. */
  judge(): IsNewest;
  /** Of an entry that was kept. */
  raise(run: string, points: readonly Metric[]): void;
}

type Mark = Pick<Metric, "step" | "timestamp">;

/** About 15 MB; beyond that the longest not raised are forgotten. */
const REMEMBERED = 100_000;

export function highWater(): HighWater {
  const marks = new Map<string, Mark>();
  return {
    judge() {
      const seen = new Map<string, Mark>();
      return (run, point) => {
        const series = seriesOf(run, point);
        const mark = seen.get(series) ?? marks.get(series);
        if (mark === undefined || !isAbove(point, mark)) return false;
        seen.set(series, point);
        return true;
      };
    },
    raise(run, points) {
      for (const point of points) {
        const series = seriesOf(run, point);
        const mark = marks.get(series);
        if (mark !== undefined && !isAbove(point, mark)) continue;
        marks.delete(series);
        marks.set(series, { step: point.step, timestamp: point.timestamp });
        if (marks.size > REMEMBERED) marks.delete(marks.keys().next().value!);
      }
    },
  };
}

/** Neither runs nor keys have line breaks. */
const seriesOf = (run: string, { key }: Metric): string => `${run}\n${key}`;

const isAbove = (point: Mark, mark: Mark): boolean =>
  point.step > mark.step || (point.step === mark.step && point.timestamp > mark.timestamp);
