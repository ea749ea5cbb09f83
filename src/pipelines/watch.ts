import type { Pipeline } from "../engine/engine.ts";
import type { Json } from "../lib/json.ts";
import { addFindings, type Incident } from "../monitoring/incident.ts";
import { NO_HISTORY, type Persistence } from "../monitoring/persistence.ts";
import type { WatchInput as WindowInput } from "../monitoring/watch-window.ts";
import type { KeptIncident, WindowReport } from "../monitoring/window-report.ts";
import { type MonitoringWindow, windowOf } from "../monitoring/windows.ts";
import type { Platform } from "./platform.ts";

export interface WatchInput {
  readonly model: string;
  /** Event time, ms since 1970; `end` is not included. Left out: the last complete window. */
  readonly start?: number;
  readonly end?: number;
  /** Use only truths that had arrived by then: for replays. */
  readonly asOf?: number;
}

export interface WatchOutcome {
  readonly model: string;
  readonly rows: number;
  readonly drifted: readonly string[];
  readonly performance: string | null;
  readonly open: readonly string[];
  readonly opened: readonly string[];
  readonly closed: readonly string[];
}

/** Rows looked at in one window; a larger one is thinned evenly. */
const MOST_ROWS = 50_000;
const SEED = 7;

/** Looks at one window of a model's answers; findings become at most one incident, and incidents start what helps. */
export const watch = (platform: Platform): Pipeline<WatchInput, WatchOutcome> => ({
  name: "watch",
  async run(steps, input) {
    const { model } = input;
    const { start, end } = await steps.step("window", () => windowFor(platform, input));
    const report = await steps.step("compare", async (step): Promise<WindowReport | null> => {
      const champion = await platform.registry.alias(model, "champion");
      const version = champion && (await platform.registry.get(champion));
      if (!version) return null;
      const asOf = input.asOf ?? Number.MAX_SAFE_INTEGER;
      const logged = await platform.predictions.read({ model, from: start, to: end, version: version.id });
      const every = Math.ceil(logged.length / MOST_ROWS);
      const predictions = logged
        .filter((_, i) => i % every === 0)
        .map((p) => (p.truth && p.truth.at >= asOf ? { ...p, truth: undefined } : p));
      const before = await platform.monitoring.windows(model, { before: start, limit: 26 });
      const { report: promised, importance } = await platform.evaluationOf(version);
      const last = before.at(-1);
      const { signature, reference } = version;
      const compare: WindowInput = {
        ...{ window: { start, end }, predictions, signature, reference, report: promised, seed: SEED },
        importance: byColumn(importance, signature.columns.map((column) => column.name)),
        volumes: before.map((window) => window.rows),
        persistence: last?.version === version.id ? last.persistence : NO_HISTORY,
      };
      const found = await platform.compute.run<Omit<WindowReport, "model" | "version"> & { persistence: Persistence }>("watch", compare, step);
      return { ...found, model, version: version.id };
    });
    if (!report) return { model, rows: 0, drifted: [], performance: null, open: [], opened: [], closed: [] };
    return steps.step("report", () => keepFindings(platform, report, input.asOf));
  },
});

async function windowFor(
  deps: Pick<Platform, "project" | "clock">,
  { model, start, end }: WatchInput,
): Promise<MonitoringWindow> {
  if (start !== undefined && end !== undefined) return { start, end };
  const unit = (await deps.project()).definition.models[model]?.monitor?.window ?? "day";
  const now = windowOf(deps.clock.now(), unit);
  return windowOf(now.start - 1, unit);
}

async function keepFindings(
  platform: Pick<Platform, "transact">,
  report: WindowReport,
  asOf: number | undefined,
): Promise<WatchOutcome> {
  const { model } = report;
  const { end } = report.window;
  const at = asOf ?? end;
  return platform.transact(async ({ monitoring, announce }) => {
    const before = await monitoring.openIncidents(model);
    const step = addFindings(before, report);
    const idOf = (incident: Incident): string =>
      before.find((known) => known.kind === incident.kind && known.first.start === incident.first.start)?.id ??
      `incident_${model}_${incident.kind}_${incident.first.start}`;
    const keep = (incident: Incident): KeptIncident => ({ ...incident, id: idOf(incident), model });
    await monitoring.keepWindow(report);
    for (const incident of [...step.open, ...step.closed].map(keep)) {
      await monitoring.keepIncident(incident);
      const opened = step.opened.some((o) => idOf(o) === incident.id);
      const type = incident.state === "closed" ? "incident.closed" : opened ? "incident.opened" : "incident.continues";
      if (type === "incident.continues" && incident.last.end !== end) continue;
      const { id, action, cause, headline, words } = incident;
      await announce(type, model, { id, action, cause, headline, words, asOf: asOf ?? null } as Json, at);
    }
    return {
      model,
      rows: report.rows,
      drifted: report.features.filter((f) => f.drifted).map((f) => f.feature),
      performance: report.performance?.words ?? null,
      open: step.open.map((incident) => incident.headline),
      opened: step.opened.map((incident) => incident.words),
      closed: step.closed.map((incident) => incident.headline),
    };
  });
}

/** Importance of encoded features, added up by the raw column they came from. */
function byColumn(
  importance: readonly { readonly feature: string; readonly share: number }[],
  columns: readonly string[],
): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { feature, share } of importance) {
    const column = columns
      .filter((name) => feature.startsWith(name))
      .sort((a, b) => b.length - a.length)[0];
    if (column !== undefined) sums[column] = (sums[column] ?? 0) + share;
  }
  return sums;
}
