import type { ReportedMetric } from "../evaluation/report.ts";

/** What re-executing a version came to. */
export interface Reproduction {
  /** `same bytes`: the very file. `same metrics`: another file that is as good on the same rows. `differs`: another model. */
  readonly outcome: "same bytes" | "same metrics" | "differs";
  readonly summary: string;
  /** What is not as it was when the version was made, in words: what a difference may come from. */
  readonly changed: readonly string[];
  readonly metrics: readonly ComparedMetric[];
}

interface ComparedMetric {
  readonly name: string;
  readonly recorded: number;
  /** null: it has no value now. */
  readonly again: number | null;
  readonly same: boolean;
}

interface Made {
  readonly code?: string | undefined;
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * Of max(1, |recorded|). Sums of floats in another order differ by 1e-7; a hundred rows that change sides of a threshold because
 * of it move an AUC of 10,000 rows by less than this.
 */
const TOLERANCE = 1e-3;

export function reproduction(input: {
  readonly sameBytes: boolean;
  readonly recorded: readonly Pick<ReportedMetric, "name" | "value">[];
  readonly again: readonly Pick<ReportedMetric, "name" | "value">[];
  readonly was: Made;
  readonly now: Made;
}): Reproduction {
  const { sameBytes, recorded, again } = input;
  const metrics = recorded.map(({ name, value }): ComparedMetric => {
    const found = again.find((metric) => metric.name === name)?.value ?? null;
    const near =
      found !== null && Math.abs(found - value) <= TOLERANCE * Math.max(1, Math.abs(value));
    return { name, recorded: value, again: found, same: sameBytes || near };
  });
  const off = metrics.filter(({ same }) => !same);
  const outcome = sameBytes ? "same bytes" : off.length === 0 ? "same metrics" : "differs";
  const changed = changes(input.was, input.now);
  return { outcome, metrics, changed, summary: inWords(outcome, off, changed) };
}

function inWords(
  outcome: Reproduction["outcome"],
  off: readonly ComparedMetric[],
  changed: readonly string[],
): string {
  if (outcome === "same bytes") return "reproduced: fitting it again gave the very same file";
  const since =
    changed.length === 0
      ? "nothing that is recorded has changed since: report it"
      : `since then ${changed.join("; ")}`;
  if (outcome === "same metrics")
    return `reproduced: the file differs, and every metric is the same within ${TOLERANCE} (${since})`;
  const worst = off
    .slice(0, 5)
    .map(({ name, recorded, again }) => `${name} was ${recorded} and is ${again ?? "not defined"}`);
  return `not reproduced: ${worst.join(", ")}; ${since}`;
}

function changes(was: Made, now: Made): string[] {
  const names = [...new Set([...Object.keys(was.environment), ...Object.keys(now.environment)])];
  const moved = names
    .filter((name) => was.environment[name] !== now.environment[name])
    .map(
      (name) =>
        `${name} was ${was.environment[name] ?? "unknown"} and is ${now.environment[name] ?? "unknown"}`,
    );
  const code =
    was.code === now.code
      ? []
      : [
          "the project's code is another one (what it decided is in the recipe, and was used as recorded)",
        ];
  return [...moved, ...code];
}
