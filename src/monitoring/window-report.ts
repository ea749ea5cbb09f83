import type { Digest } from "../lib/digest.ts";
import type { MissingChange, VolumeChange } from "./completeness.ts";
import type { FeatureDrift } from "./window-drift.ts";
import type { MonitoringWindow } from "./windows.ts";

/** What one window of a model's predictions showed. Kept as JSON. */
export interface WindowReport {
  readonly model: string;
  readonly version: Digest;
  readonly window: MonitoringWindow;
  readonly rows: number;
  readonly labelled: number;
  readonly features: readonly FeatureDrift[];
  readonly prediction: readonly FeatureDrift[];
  readonly missing: readonly MissingChange[];
  readonly volume: VolumeChange | undefined;
}
