import pc from "picocolors";
import type { KeptIncident } from "../monitoring/window-report.ts";
import { counted, cut, heading, labelled, moment, oneLine, table } from "./render-text.ts";

/** Open ones in full, the others a line each. */
export function renderIncidents(incidents: readonly KeptIncident[], width: number): string[] {
  const open = incidents.filter((incident) => incident.state === "open");
  const past = incidents.filter((incident) => incident.state !== "open");
  const rows = past
    .slice(0, 20)
    .map(({ first, model, id, headline }) => [
      moment(first.start),
      cut(model, 20),
      id,
      cut(headline, 200),
    ]);
  return [
    ...(open.length === 0 ? ["", `  ${pc.green("✓")} No incident is open.`] : []),
    ...open.flatMap((incident) => renderIncident(incident, width)),
    ...(rows.length === 0
      ? []
      : [
          "",
          heading("Closed"),
          ...table(["since (UTC)", "model", "incident", "what"], rows, width, pc.dim),
        ]),
  ];
}

export function renderIncident(incident: KeptIncident, width: number): string[] {
  const { first, last, state, subjects, windows } = incident;
  const seen = `${moment(first.start)} to ${moment(last.end)} UTC, in ${counted(windows, "window")}`;
  return [
    "",
    `${heading(cut(incident.headline, width - 10))}  ${state === "open" ? pc.red(state) : pc.dim(state)}`,
    "",
    ...labelled("model", incident.model, width),
    ...labelled("seen", seen, width),
    ...labelled("what", oneLine(incident.words), width),
    ...(subjects.length === 0 ? [] : labelled("in", subjectsInWords(subjects), width)),
    ...labelled("incident", incident.id, width),
  ];
}

/** Forty moved columns are one incident, and one line. */
function subjectsInWords(subjects: readonly string[]): string {
  const shown = subjects.slice(0, 8).map((name) => cut(name, 40));
  const left = subjects.length - shown.length;
  return shown.join(", ") + (left > 0 ? `, and ${left} more` : "");
}
