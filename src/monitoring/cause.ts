import type { WindowFindings } from "./finding.ts";

/**
 * Why a window is wrong, likeliest first when several fit:
 * `data_defect`  a column is suddenly missing or rows do not arrive: repair the source; never retrain on it
 * `world_change` inputs or predictions moved and the model is measurably worse: retrain
 * `concept_change` the model is worse though its inputs look as before: what they mean changed: retrain on recent rows
 * `input_shift`  inputs moved for good and too few labels say whether it hurts: watch, ask for labels. With labels that show no
 *                loss a shift is not an incident; it stays visible in the findings
 */
export type Cause = "data_defect" | "world_change" | "concept_change" | "input_shift";

/** What a window gives reason to do something about; undefined when it is fine. */
export interface Diagnosis {
  readonly cause: Cause;
  /** Columns (and "prediction", "performance", "volume") concerned, most important first. */
  readonly subjects: readonly string[];
  readonly because: string;
  readonly action: "repair_data" | "retrain" | "watch";
  readonly advice: string;
}

export function diagnose(found: WindowFindings): Diagnosis | undefined {
  const worse = isWorse(found);
  const drifted = found.features.filter((d) => d.drifted).map((d) => d.feature);
  const lasting = found.features.filter(
    (d) => d.drifted && d.importance >= MATTERS && found.persistent.includes(d.feature),
  );
  const gone = found.missing.filter((m) => m.now > m.before);
  if (gone.length > 0 || found.volume !== undefined) return defect(found, gone);
  if (worse && (drifted.length > 0 || found.prediction?.drifted === true))
    return {
      cause: "world_change",
      subjects: [...drifted, ...(found.prediction?.drifted ? ["prediction"] : []), "performance"],
      because: `${brokenPromise(found)}${shiftInWords(found, drifted.length)}`,
      action: "retrain",
      advice: "retrain on recent rows; the data looks sound",
    };
  if (worse)
    return {
      cause: "concept_change",
      subjects: ["performance"],
      because: `${brokenPromise(found)}the inputs look as before, but what they mean has changed`,
      action: "retrain",
      advice: "retrain on recent rows, and check that labels mean what they meant",
    };
  const harmless = (found.performance?.labelled ?? 0) >= MANY_LABELS;
  if (harmless || (lasting.length === 0 && !found.predictionPersistent)) return undefined;
  return {
    cause: "input_shift",
    subjects: [
      ...lasting.map((d) => d.feature),
      ...(found.predictionPersistent ? ["prediction"] : []),
    ],
    because: shiftInWords(found, lasting.length),
    action: "watch",
    advice: `${guess(found)}collect labels for these rows: without them nobody knows whether the model suffers`,
  };
}

/** At once when many labels say so or the error stream alarms; few labels must say so twice. */
function isWorse(found: WindowFindings): boolean {
  const { performance, performancePersistent, errorRise, abstention } = found;
  if (errorRise !== undefined || abstention?.promise?.broken === true) return true;
  return (
    performance?.worse === true && (performance.labelled >= MANY_LABELS || performancePersistent)
  );
}

const brokenPromise = ({ abstention }: WindowFindings): string =>
  abstention?.promise?.broken ? `${abstention.promise.words}; ` : "";

const MANY_LABELS = 100;
/** Share of the model's importance below which a moved input alone is no reason to disturb anybody. */
const MATTERS = 0.01;

const guess = ({ estimated }: WindowFindings): string =>
  estimated[0] === undefined ? "" : `${estimated[0].words}; `;

function defect(found: WindowFindings, gone: WindowFindings["missing"]): Diagnosis {
  const parts = [...gone.map((m) => m.words), ...(found.volume ? [found.volume.words] : [])];
  return {
    cause: "data_defect",
    subjects: [...gone.map((m) => m.feature), ...(found.volume ? ["volume"] : [])],
    because: parts.slice(0, 3).join("; "),
    action: "repair_data",
    advice: "look at the source of the data; do not retrain on these rows",
  };
}

function shiftInWords(found: WindowFindings, count: number): string {
  const drifted = found.features.filter((d) => d.drifted);
  const first = drifted[0] ?? (found.prediction?.drifted ? found.prediction : undefined);
  if (first === undefined) return "the predictions moved";
  return count > 1 ? `${count} inputs moved together, first of all ${first.words}` : first.words;
}
