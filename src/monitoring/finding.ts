import type { MissingChange, VolumeChange } from "./completeness.ts";
import type { EstimatedPerformance } from "./estimated-performance.ts";
import type { WindowPerformance } from "./performance.ts";
import type { WindowAbstention } from "./window-abstention.ts";
import type { FeatureDrift } from "./window-drift.ts";
import type { MonitoringWindow } from "./windows.ts";

/** Everything monitoring found out about one window of one model. Plain JSON; kept for ever, incidents are made from it. */
export interface WindowFindings {
  readonly window: MonitoringWindow;
  readonly rows: number;
  /** Every watched feature, drifted or not, largest impact first. */
  readonly features: readonly FeatureDrift[];
  /** Features that drifted in two of the last three windows (persistence.ts). */
  readonly persistent: readonly string[];
  readonly prediction: FeatureDrift | undefined;
  readonly predictionPersistent: boolean;
  readonly missing: readonly MissingChange[];
  readonly volume: VolumeChange | undefined;
  readonly performance: WindowPerformance | undefined;
  /** Worse in two of the last three windows. */
  readonly performancePersistent: boolean;
  /** Page–Hinkley alarmed on the stream of errors: notices losses that single small windows cannot show. */
  readonly errorRise: ErrorRise | undefined;
  readonly estimated: readonly EstimatedPerformance[];
  /** Absent without a rule to abstain. */
  readonly abstention?: WindowAbstention;
}

/** Mean error per row on held-out rows before, and on the rows labelled now. */
export interface ErrorRise {
  readonly metric: "mae" | "brier";
  readonly before: number;
  readonly now: number;
  readonly rows: number;
  readonly words: string;
}
