import type { Incident as IncidentView } from "../../sdk/src/contract/shapes.ts";
import type { Incident } from "../monitoring/incident.ts";

/** An incident in the words of the API. */
export function incidentView(incident: Incident): IncidentView {
  const body = incident as Incident & Partial<IncidentView>;
  return {
    id: incident.id,
    model: incident.model,
    state: incident.state === "open" ? "open" : "resolved",
    openedAt: incident.openedAt,
    resolvedAt: incident.closedAt ?? null,
    title: body.title ?? `Something is wrong with ${incident.model}`,
    cause: body.cause ?? "not known",
    loss: body.loss ?? null,
    action: body.action ?? `millwright show ${incident.model}`,
    findings: body.findings ?? [],
  };
}
