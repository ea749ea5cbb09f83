import { MillwrightError } from "../../errors.ts";
import { beatsBaseline } from "./beats-baseline.ts";
import { beatsChampion } from "./beats-champion.ts";
import { calibrated } from "./calibrated.ts";
import type { Gate } from "./gate.ts";
import { noLeak } from "./no-leak.ts";
import { noSliceWorse } from "./no-slice-worse.ts";
import { parity } from "./parity.ts";

/** All of them judge a candidate when the project names none. */
export const GATES: readonly Gate[] = [
  parity,
  noLeak,
  beatsBaseline,
  beatsChampion,
  noSliceWorse,
  calibrated,
] as readonly Gate[];

/** @throws invalid_config naming the gates there are. */
export function gateNamed(name: string): Gate {
  const gate = GATES.find((g) => g.name === name);
  if (gate !== undefined) return gate;
  const known = GATES.map((g) => g.name);
  throw new MillwrightError(
    "invalid_config",
    `gate "${name}" does not exist; use one of ${known.join(", ")}`,
    { details: { gate: name, known } },
  );
}
