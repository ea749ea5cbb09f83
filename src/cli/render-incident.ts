import pc from "picocolors";
import type { Incident } from "../../sdk/src/contract/shapes.ts";
import {
  counted,
  cut,
  heading,
  labelled,
  moment,
  oneLine,
  table,
  when,
  wrap,
} from "./render-text.ts";

const stateOf = ({ state }: Incident): string => (state === "open" ? pc.red(state) : pc.dim(state));

/** Open ones in full, the others a line each. */
export function renderIncidents(
  incidents: readonly Incident[],
  now: number,
  width: number,
): string[] {
  const open = incidents.filter((incident) => incident.state === "open");
  const past = incidents.filter((incident) => incident.state !== "open");
  return [
    ...(open.length === 0 ? ["", `  ${pc.green("✓")} No incident is open.`] : []),
    ...open.flatMap((incident) => renderIncident(incident, now, width)),
    ...(past.length === 0
      ? []
      : [
          "",
          heading("Resolved"),
          ...table(
            ["opened", "model", "incident", "what"],
            past
              .slice(0, 20)
              .map(({ openedAt, model, id, title }) => [
                moment(openedAt),
                cut(model, 20),
                id,
                cut(title, 200),
              ]),
            width,
            pc.dim,
          ),
        ]),
  ];
}

const MOST_FINDINGS = 12;

export function renderIncident(incident: Incident, now: number, width: number): string[] {
  const { findings } = incident;
  const until = incident.resolvedAt === null ? "" : `, resolved ${moment(incident.resolvedAt)}`;
  return [
    "",
    `${heading(cut(incident.title, width - 12))}  ${stateOf(incident)}`,
    "",
    ...labelled("model", incident.model, width),
    ...labelled(
      "opened",
      `${moment(incident.openedAt)} UTC (${when(incident.openedAt, now)})${until}`,
      width,
    ),
    ...labelled("cause", oneLine(incident.cause), width),
    ...(incident.loss === null ? [] : labelled("loss", oneLine(incident.loss), width)),
    ...labelled("action", oneLine(incident.action), width),
    ...labelled("incident", incident.id, width),
    ...(findings.length === 0 ? [] : [""]),
    ...findings.slice(0, MOST_FINDINGS).flatMap(({ kind, column, message }) => {
      const text = oneLine(
        column === null || message.includes(column) ? message : `${column}: ${message}`,
      );
      return wrap(`${kind}: ${text}`, width - 4, 2).map((line) => `    ${line}`);
    }),
    ...(findings.length > MOST_FINDINGS
      ? [pc.dim(`    … and ${counted(findings.length - MOST_FINDINGS, "more finding")}`)]
      : []),
  ];
}
