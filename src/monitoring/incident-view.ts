import type { Incident as IncidentView } from "../../sdk/src/contract/shapes.ts";
import type { KeptIncident } from "./window-report.ts";

const ACTION = {
  repair_data: "Look at the source of the data; nothing is retrained on it.",
  retrain: "Retraining on recent rows.",
  watch: "Watching; labels for these rows would show whether the model suffers.",
} as const;

/** An incident in the words of the API. */
export function incidentView(incident: KeptIncident): IncidentView {
  const { loss } = incident;
  return {
    id: incident.id,
    model: incident.model,
    state: incident.state === "open" ? "open" : "resolved",
    openedAt: incident.first.start,
    resolvedAt: incident.state === "open" ? null : incident.last.end,
    title: incident.headline,
    cause: incident.words,
    loss:
      loss === undefined
        ? null
        : `${loss.metric} ${figure(loss.now)} instead of ${figure(loss.before)}, ${figure(loss.perRow)} a row over ${loss.rows} labelled rows`,
    action: ACTION[incident.action],
    findings: incident.subjects.map((subject) => ({
      kind: subject.startsWith("the ") ? "performance" : "drift",
      column: subject.startsWith("the ") ? null : subject,
      message: subject,
    })),
  };
}

const figure = (x: number): string => x.toLocaleString("en-US", { maximumSignificantDigits: 3 });
