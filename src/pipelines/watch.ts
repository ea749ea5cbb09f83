import type { Pipeline } from "../engine/engine.ts";
import { crashPoint } from "../lib/crash-point.ts";
import type { Digest } from "../lib/digest.ts";
import type { ExamineInput } from "../monitoring/examine-window.ts";
import type { Incident, IncidentStep } from "../monitoring/incident.ts";
import { FRESH_MONITOR, type watchWindow } from "../monitoring/monitor.ts";
import type { KeptIncident, WindowReport } from "../monitoring/window-report.ts";
import { type MonitoringWindow, windowOf } from "../monitoring/windows.ts";
import type { ModelVersion } from "../registry/model-version.ts";
import { TRAFFIC } from "../serving/prediction.ts";
import type { LoggedPrediction } from "../serving/read-log.ts";
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
  /** Headlines of the incidents open after the window. */
  readonly open: readonly string[];
  /** What a person reads about those that began with it. */
  readonly opened: readonly string[];
  readonly closed: readonly string[];
}

/** Rows looked at in one window; a larger one is thinned evenly. */
const MOST_ROWS = 50_000;
/** Truths about older answers than this are not waited for. */
const LABEL_AGE_MS = 90 * 86_400_000;
const SEED = 7;

/** Looks at one window of a model's answers; findings become at most one incident, and incidents start what helps. */
export const watch = (platform: Platform): Pipeline<WatchInput, WatchOutcome> => ({
  name: "watch",
  async run(steps, input) {
    const { model } = input;
    const window = await steps.step("window", () => windowFor(platform, input));
    await steps.step("labels", () =>
      countLabels(platform, { model, at: input.asOf ?? window.end, asOf: input.asOf ?? null }),
    );
    return steps.step("examine", async (step) => {
      const champion = await platform.registry.alias(model, "champion");
      const version = champion && (await platform.registry.get(champion));
      // Nobody knows what is normal for an imported version.
      if (!version?.reference) return nothing(model);
      const before = await watchedBefore(platform, { model, window, runId: steps.runId });
      if (before) return before;
      const { reference } = version;
      const examine = await gather(platform, { version, reference, window, asOf: input.asOf });
      const { found, state, incidents } = await platform.compute.run<
        ReturnType<typeof watchWindow>
      >("examine", examine, step);
      const report: WindowReport = {
        ...found,
        model,
        version: version.id,
        runId: steps.runId,
        state,
      };
      return keepFindings(platform, { report, incidents, asOf: input.asOf });
    });
  },
});

/** Says so when as many truths have come since the model was last dealt with as its definition waits for. */
async function countLabels(
  deps: Pick<Platform, "project" | "registry" | "predictions" | "transact">,
  {
    model,
    at,
    asOf,
  }: { readonly model: string; readonly at: number; readonly asOf: number | null },
): Promise<void> {
  const wanted = (await deps.project()).definition.models[model]?.retrain?.onLabels;
  const [move] = await deps.registry.moves(model);
  if (wanted === undefined || !move) return;
  await deps.transact(async ({ announce, lastAnnounced }) => {
    const since = Math.max(move.at, (await lastAnnounced("labels.collected", model)) ?? 0);
    const labelled = await deps.predictions.read({
      ...{ model, variant: TRAFFIC, from: since - LABEL_AGE_MS, to: at },
      truthWithin: { from: since, to: at },
    });
    const count = labelled.length;
    if (count >= wanted) await announce("labels.collected", model, { count, asOf }, at);
  });
}

/** The step was interrupted after its effect and before that was recorded: told again from what is kept, announced once. */
async function watchedBefore(
  deps: Pick<Platform, "monitoring">,
  input: {
    readonly model: string;
    readonly window: MonitoringWindow;
    readonly runId: string;
  },
): Promise<WatchOutcome | undefined> {
  const { model, window, runId } = input;
  const [report] = await deps.monitoring.windows(model, { before: window.start + 1, limit: 1 });
  if (report?.runId !== runId || report.window.start !== window.start) return undefined;
  const kept = await deps.monitoring.incidents(model);
  const open = kept.filter((incident) => incident.state === "open");
  const opened = open.filter(({ first }) => first.start === window.start);
  return outcomeOf(report, { open, opened, closed: [] });
}

async function gather(
  deps: Pick<Platform, "predictions" | "monitoring" | "evaluationOf">,
  input: {
    readonly version: ModelVersion;
    readonly reference: Digest;
    readonly window: MonitoringWindow;
    readonly asOf: number | undefined;
  },
): Promise<ExamineInput> {
  const { version, window, reference } = input;
  const { model, signature } = version;
  const asOf = input.asOf ?? Number.MAX_SAFE_INTEGER;
  const known = ({ truth }: LoggedPrediction): boolean => truth !== undefined && truth.at < asOf;
  const own = { model, version: version.id };
  const [answered, recent, before, evaluation] = await Promise.all([
    deps.predictions.read({ ...own, from: window.start, to: window.end }),
    deps.predictions.read({
      ...own,
      from: window.start - LABEL_AGE_MS,
      to: window.end,
      truthWithin: { from: window.start, to: window.end },
    }),
    deps.monitoring.windows(model, { before: window.start, limit: 1 }),
    deps.evaluationOf(version),
  ]);
  const last = before.find((report) => report.version === version.id);
  return {
    ...{ window, signature, reference, report: evaluation.report, seed: SEED },
    ...(version.abstain && evaluation.abstention && signature.task !== "tensors"
      ? {
          abstention: {
            ...{ rule: version.abstain, task: signature.task, classes: signature.classes },
            heldOut: evaluation.abstention.cost,
          },
        }
      : {}),
    predictions: thinned(answered).map((p) => (known(p) ? p : { ...p, truth: undefined })),
    // Each truth counts in the window in which it arrived, and in no other.
    labelled: thinned(
      recent.filter((p) => known(p) && p.truth!.at >= window.start && p.truth!.at < window.end),
    ),
    // A new champion is watched afresh; what was wrong before it stays open until windows without it close it. Taken from the
    // window before and not from what is open now, so that a window may be looked at twice.
    state: { ...(last?.state ?? FRESH_MONITOR), open: before.at(-1)?.state.open ?? [] },
  };
}

function thinned<T>(rows: readonly T[]): readonly T[] {
  const every = Math.ceil(rows.length / MOST_ROWS);
  return every <= 1 ? rows : rows.filter((_, i) => i % every === 0);
}

async function windowFor(
  deps: Pick<Platform, "project" | "clock">,
  { model, start, end }: WatchInput,
): Promise<MonitoringWindow> {
  if (start !== undefined && end !== undefined) return { start, end };
  const unit = (await deps.project()).definition.models[model]?.monitor?.window ?? "day";
  return windowOf(windowOf(deps.clock.now(), unit).start - 1, unit);
}

async function keepFindings(
  deps: Pick<Platform, "transact">,
  input: {
    readonly report: WindowReport;
    readonly incidents: IncidentStep;
    readonly asOf: number | undefined;
  },
): Promise<WatchOutcome> {
  const { report, incidents, asOf } = input;
  const { model, window } = report;
  const at = asOf ?? window.end;
  await deps.transact(async ({ monitoring, announce }) => {
    await monitoring.keepWindow(report);
    const kept = (incident: Incident): KeptIncident => ({
      ...incident,
      id: `incident_${model}_${incident.kind}_${incident.first.start}`,
      model,
    });
    const told = new Map((await monitoring.incidents(model)).map((known) => [known.id, known]));
    const began = new Set(incidents.opened.map((incident) => kept(incident).id));
    for (const incident of [...incidents.closed, ...incidents.open].map(kept)) {
      const { id, state, action, cause, headline, words } = incident;
      const last = told.get(id);
      // An old window looked at again does not set the incident back.
      if (last && last.last.end > window.end) continue;
      // Kept even when nothing is said: how long it has been quiet counts towards its end.
      await monitoring.keepIncident(incident);
      if (state === "open" && incident.last.end !== window.end) continue;
      // The window was looked at before: what it means has been said.
      if (last?.last.end === incident.last.end && last.state === state) continue;
      const type = state === "closed" ? "closed" : began.has(id) ? "opened" : "continues";
      const payload = { id, action, cause, headline, words, asOf: asOf ?? null };
      await announce(`incident.${type}`, model, payload, at);
    }
  });
  crashPoint("watch:kept");
  return outcomeOf(report, incidents);
}

const outcomeOf = (
  report: WindowReport,
  incidents: Pick<IncidentStep, "open" | "opened" | "closed">,
): WatchOutcome => ({
  model: report.model,
  rows: report.rows,
  drifted: report.features.filter((feature) => feature.drifted).map(({ feature }) => feature),
  performance: report.performance?.words ?? null,
  open: incidents.open.map((incident) => incident.headline),
  opened: incidents.opened.map((incident) => incident.words),
  closed: incidents.closed.map((incident) => incident.headline),
});

const nothing = (model: string): WatchOutcome => ({
  ...{ model, rows: 0, drifted: [], performance: null, open: [], opened: [], closed: [] },
});
