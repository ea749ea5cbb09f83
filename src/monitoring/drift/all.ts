import { chiSquare } from "./chi-square.ts";
import type { CategoryDriftTest, DriftTest, NumberDriftTest } from "./drift-test.ts";
import { jensenShannon } from "./jensen-shannon.ts";
import { ks } from "./ks.ts";
import { psi } from "./psi.ts";
import { totalVariationDistance } from "./total-variation.ts";
import { wasserstein } from "./wasserstein.ts";

export const DRIFT_TESTS: readonly DriftTest[] = [
  ks,
  wasserstein,
  jensenShannon,
  totalVariationDistance,
  chiSquare,
  psi,
];

/** Which test raises alarms, by type of feature. Power and false alarms of the choice: bench/drift/RESULTS.md. */
export const DEFAULT_NUMBER_TEST: NumberDriftTest = ks;
export const DEFAULT_CATEGORY_TEST: CategoryDriftTest = jensenShannon;
