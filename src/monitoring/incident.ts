import { type Cause, type Diagnosis, diagnose } from "./cause.ts";
import type { WindowFindings } from "./finding.ts";
import { type MonitoringWindow, windowInWords } from "./windows.ts";

/**
 * One incident per cause, not one alarm per feature. All findings of a window become at most one diagnosis; a diagnosis that
 * continues an open incident extends it. A model has at most two open incidents: one about its data, one about the world.
 *
 *   (none) --diagnosis--> open --same kind again--> open (extended, may grow more serious)
 *   open --three windows in a row without it--> closed
 */
export interface Incident {
  readonly kind: "data" | "world";
  readonly state: "open" | "closed";
  /** The most serious cause so far: a shift that starts to hurt becomes a world change. */
  readonly cause: Cause;
  readonly subjects: readonly string[];
  readonly first: MonitoringWindow;
  readonly last: MonitoringWindow;
  /** Windows that showed it. */
  readonly windows: number;
  /** Windows since without it. */
  readonly quiet: number;
  readonly action: Diagnosis["action"];
  readonly headline: string;
  /** What was seen, in words with numbers; starts lower case, no full stop. */
  readonly because: string;
  /** Cause, loss, action: what a person reads. */
  readonly words: string;
  readonly loss: EstimatedLoss | undefined;
}

/** What the incident cost so far. */
export interface EstimatedLoss {
  readonly metric: string;
  readonly before: number;
  /** Of the newest window that showed a loss. */
  readonly now: number;
  /** Labelled rows of the windows that showed a loss. */
  readonly rows: number;
  /** For errors in the target's unit: summed over those rows. */
  readonly total: number | undefined;
}

/** What a window did to the incidents of a model. */
export interface IncidentStep {
  /** Open incidents after the window. */
  readonly open: readonly Incident[];
  /** Not there before this window: worth a message. */
  readonly opened: readonly Incident[];
  /** More serious than before this window: worth a message. */
  readonly worsened: readonly Incident[];
  readonly closed: readonly Incident[];
}

const QUIET_TO_CLOSE = 3;
const SEVERITY: Readonly<Record<Cause, number>> = {
  input_shift: 0,
  concept_change: 1,
  world_change: 2,
  data_defect: 3,
};

/** Folds the findings of one window, oldest first, into the open incidents. */
export function addFindings(open: readonly Incident[], found: WindowFindings): IncidentStep {
  const diagnosis = diagnose(found);
  const kind = diagnosis === undefined ? undefined : kindOf(diagnosis.cause);
  const continued = open.find((incident) => incident.kind === kind);
  const others = open.filter((incident) => incident !== continued).map(oneMoreQuiet);
  const closed = others.filter((incident) => incident.state === "closed");
  const still = others.filter((incident) => incident.state === "open");
  if (diagnosis === undefined) return { open: still, opened: [], worsened: [], closed };
  if (continued === undefined) {
    const incident = begin(diagnosis, found);
    return { open: [...still, incident], opened: [incident], worsened: [], closed };
  }
  const incident = extend(continued, diagnosis, found);
  const worsened = SEVERITY[incident.cause] > SEVERITY[continued.cause] ? [incident] : [];
  return { open: [...still, incident], opened: [], worsened, closed };
}

const kindOf = (cause: Cause): Incident["kind"] => (cause === "data_defect" ? "data" : "world");

function oneMoreQuiet(incident: Incident): Incident {
  const quiet = incident.quiet + 1;
  return { ...incident, quiet, state: quiet >= QUIET_TO_CLOSE ? "closed" : "open" };
}

function begin(diagnosis: Diagnosis, found: WindowFindings): Incident {
  const loss = addLoss(undefined, found);
  return {
    kind: kindOf(diagnosis.cause),
    state: "open",
    ...{ first: found.window, last: found.window, windows: 1, quiet: 0, loss },
    ...described(diagnosis, loss, found.window, found.window),
  };
}

function extend(incident: Incident, diagnosis: Diagnosis, found: WindowFindings): Incident {
  const serious = SEVERITY[diagnosis.cause] >= SEVERITY[incident.cause];
  const loss = addLoss(incident.loss, found);
  const subjects = [...new Set([...diagnosis.subjects, ...incident.subjects])];
  const merged = serious
    ? described({ ...diagnosis, subjects }, loss, incident.first, found.window)
    : { subjects };
  return {
    ...incident,
    ...merged,
    ...{ last: found.window, windows: incident.windows + 1, quiet: 0, loss },
  };
}

function described(
  diagnosis: Diagnosis,
  loss: EstimatedLoss | undefined,
  first: MonitoringWindow,
  last: MonitoringWindow,
): Pick<Incident, "cause" | "subjects" | "action" | "headline" | "because" | "words"> {
  const { cause, subjects, action, because, advice } = diagnosis;
  const since = windowInWords(first).replace(/ to .*/, "");
  const span = windowInWords({ start: first.start, end: last.end });
  return {
    cause,
    subjects,
    action,
    because,
    headline: `${TITLE[cause]} since ${since}`,
    words: `${span}: ${because}. ${lossInWords(loss)} Proposed: ${advice}.`,
  };
}

const TITLE: Readonly<Record<Cause, string>> = {
  data_defect: "The data looks broken",
  world_change: "The world has changed",
  concept_change: "The outcome no longer follows the inputs as before",
  input_shift: "The inputs have moved",
};

function addLoss(
  before: EstimatedLoss | undefined,
  found: WindowFindings,
): EstimatedLoss | undefined {
  const seen = lossOf(found);
  if (seen === undefined) return before;
  const same = before?.metric === seen.metric ? before : undefined;
  const total = (now: number | undefined) =>
    now === undefined ? undefined : now + (same?.total ?? 0);
  return { ...seen, rows: seen.rows + (same?.rows ?? 0), total: total(seen.total) };
}

function lossOf({ performance, errorRise }: WindowFindings): EstimatedLoss | undefined {
  const summed = (metric: string, perRow: number, rows: number) =>
    metric === "mae" ? perRow * rows : undefined;
  if (performance !== undefined && performance.loss > 0) {
    const { metric, before, now, labelled: rows, loss } = performance;
    return { metric, before, now, rows, total: summed(metric, loss, rows) };
  }
  if (errorRise === undefined) return undefined;
  const { metric, before, now, rows } = errorRise;
  return { metric, before, now, rows, total: summed(metric, now - before, rows) };
}

function lossInWords(loss: EstimatedLoss | undefined): string {
  if (loss === undefined) return "No loss is known.";
  const { metric, before, now, rows, total } = loss;
  const change = `Estimated loss: ${metric} ${number(now)} instead of ${number(before)}`;
  return total === undefined
    ? `${change} (${rows} labelled rows).`
    : `${change}, ${number(now - before)} a row and ${number(total)} in all over ${rows} labelled rows.`;
}

const number = (x: number): string => x.toLocaleString("en-US", { maximumSignificantDigits: 3 });
