import type { Split } from "./route.ts";

/** `version 3 answers 5 %, then 25, 50, 100`; for lists of revisions. */
export function splitInWords(split: Split): string {
  if (split.kind === "canary") {
    const then = split.steps === undefined ? "" : `, then ${split.steps.join(", ")}`;
    return `canary: version ${split.version.number} answers ${split.percent} %${then}`;
  }
  const weights = split.kind === "weights" ? split.arms.map((arm) => arm.weight) : undefined;
  const total = weights?.reduce((a, b) => a + b, 0) ?? 1;
  const shares = split.arms.map((arm) => ("share" in arm ? arm.share : arm.weight / total));
  const arms = split.arms.map(
    ({ version }, k) => `version ${version.number} ${Number((100 * shares[k]!).toPrecision(3))} %`,
  );
  return `${split.kind}: ${arms.join(", ")}`;
}
