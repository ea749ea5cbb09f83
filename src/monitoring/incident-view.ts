import type { Incident as IncidentView } from "../../sdk/src/contract/shapes.ts";
import { METRICS } from "../evaluation/metrics/all.ts";
import type { Incident } from "./incident.ts";
import type { KeptIncident } from "./window-report.ts";

const CAUSE: Readonly<Record<Incident["cause"], string>> = {
  data_defect: "The data, not the world: columns are suddenly missing, or rows do not arrive.",
  world_change:
    "The world: inputs or predictions have moved and the model is measurably worse, while the data looks sound.",
  concept_change:
    "What the inputs mean: they look as before, but the model is measurably worse on them.",
  input_shift:
    "The inputs have moved for good; too few labels are there to say whether the model suffers.",
};

const ACTION: Readonly<Record<Incident["action"], string>> = {
  repair_data: "Look at the source of the data. Nothing is retrained on these rows.",
  retrain: "Retrain on recent rows, and check that labels still mean what they meant.",
  watch: "Collect labels for these rows; without them nobody knows whether the model suffers.",
};

/** An incident in the words of the contract. */
export const incidentView = (kept: KeptIncident): IncidentView => ({
  id: kept.id,
  model: kept.model,
  state: kept.state === "open" ? "open" : "resolved",
  openedAt: kept.first.start,
  resolvedAt: kept.state === "open" ? null : kept.last.end,
  title: kept.headline,
  // That the meaning changed is all there is to see of a concept change.
  cause:
    kept.cause === "concept_change"
      ? CAUSE[kept.cause]
      : `${CAUSE[kept.cause]} Seen: ${kept.because}.`,
  loss: kept.loss ? lossInWords(kept.loss) : null,
  action: ACTION[kept.action],
  findings: kept.subjects
    .filter((subject) => subject !== "performance" && subject !== "volume")
    .map((subject) => ({
      kind: kept.kind === "data" ? "missing" : "drift",
      column: subject,
      message: kept.kind === "data" ? "is missing more often" : "has moved",
    })),
});

function lossInWords({ metric, before, now, rows, total }: NonNullable<Incident["loss"]>): string {
  const title = METRICS.find((m) => m.name === metric)?.title ?? metric;
  const change = `${title} ${figure(now)} instead of the promised ${figure(before)}`;
  return total === undefined
    ? `${change}: seen on ${rows} labelled rows.`
    : `${change}: ${figure(now - before)} a row, ${figure(total)} in all over ${rows} labelled rows.`;
}

const figure = (value: number): string =>
  value.toLocaleString("en-US", { maximumSignificantDigits: 3 });
