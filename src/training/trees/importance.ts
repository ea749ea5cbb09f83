import type { Design } from "../encoding/encoding.ts";
import type { Ensemble } from "./ensemble.ts";

/** Each column's share of the loss reduction of all splits; equal shares when there is no split. */
export function gainImportance(e: Ensemble, design: Design): ReadonlyMap<string, number> {
  const gains = new Float64Array(design.width);
  e.feature.forEach((f, i) => {
    if (f >= 0) gains[f]! += e.gain[i]!;
  });
  const total = gains.reduce((sum, gain) => sum + gain, 0);
  const shares = new Map<string, number>();
  design.names.forEach((name, j) => {
    const share = total > 0 ? gains[j]! / total : 1 / design.width;
    shares.set(name, (shares.get(name) ?? 0) + share);
  });
  return shares;
}

export const leafCount = (e: Ensemble): number =>
  e.feature.reduce((count, f) => count + (f < 0 ? 1 : 0), 0);
