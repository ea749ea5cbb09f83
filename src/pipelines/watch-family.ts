import type { Pipeline } from "../engine/engine.ts";
import { failingMembers, type LossSums } from "../families/failing.ts";
import type { FamilyFiles } from "../families/family.ts";
import { lossesOf } from "../families/loss.ts";
import { namesOf } from "../families/member-name.ts";
import { windowOf } from "../monitoring/windows.ts";
import type { Signature } from "../onnx/signature.ts";
import { TRAFFIC } from "../serving/prediction.ts";
import type { LoggedPrediction } from "../serving/read-log.ts";
import { getJson } from "../storage/json-blob.ts";
import type { TrainingSpec } from "../training/training-spec.ts";
import type { Platform } from "./platform.ts";

export interface WatchFamilyInput {
  readonly model: string;
  /** Event time, ms since 1970; `end` is not included. Left out: the last complete one. */
  readonly start?: number;
  readonly end?: number;
  /** Use only truths that had arrived by then: for replays. */
  readonly asOf?: number;
}

export interface WatchFamilyOutcome {
  readonly model: string;
  readonly rows: number;
  /** Members with labels enough to say something. */
  readonly looked: number;
  readonly failing: readonly string[];
}

const DAY_MS = 86_400_000;
/** Windows of members follow each other without overlap: each look is paid for once. */
export const FAMILY_WINDOWS = {
  hour: { unit: "day", days: 1, every: "day" },
  day: { unit: "week", days: 7, every: "week" },
  week: { unit: "week", days: 28, every: "28d" },
} as const;

/** Looks at what became known of a family's answers: which members have become worse. They are trained again, and no others. */
export const watchFamily = (
  platform: Platform,
): Pipeline<WatchFamilyInput, WatchFamilyOutcome> => ({
  name: "watch-family",
  async run(steps, input) {
    const { model } = input;
    const window = await steps.step("window", () => windowFor(platform, input));
    return steps.step("look", async (step) => {
      const [version] = await platform.families.versions(model, 1);
      const champion = version && (await platform.registry.get(version.champion));
      if (!version || !champion) return { model, rows: 0, looked: 0, failing: [] };
      const { spec } = await getJson<FamilyFiles>(platform.blobs, version.files);
      const { classWeights } = spec;
      step.progress("reading what became known");
      const asOf = input.asOf ?? Number.MAX_SAFE_INTEGER;
      const query = { model, variant: TRAFFIC, from: window.start, to: window.end };
      const losses = new Map<string, LossSums>();
      let rows = 0;
      for await (const part of platform.predictions.scan({ ...query, withFeedback: true })) {
        const known = part.filter(({ truth }) => truth !== undefined && truth.at < asOf);
        rows += known.length;
        addLosses(losses, known, {
          ...{ model, levels: version.levels, of: champion.signature },
          ...(classWeights ? { classWeights } : {}),
        });
      }
      const members = await platform.families.members(model);
      const watched = failingMembers(members, losses, window.end);
      const failing = watched.filter((w) => w.failing).map(({ name }) => name);
      const at = input.asOf ?? window.end;
      await platform.transact(async ({ families, announce, lastAnnounced }) => {
        await families.putWatched(model, watched);
        if (failing.length === 0) return;
        // Said before the process died in this step: one retraining is enough.
        if ((await lastAnnounced("family.failing", model)) === at) return;
        const payload = { failing, looked: watched.length, asOf: input.asOf ?? null };
        await announce("family.failing", model, payload, at);
      });
      return { model, rows, looked: watched.length, failing };
    });
  },
});

/** A row counts for the member it belongs to on every level. */
function addLosses(
  losses: Map<string, LossSums>,
  rows: readonly LoggedPrediction[],
  family: {
    readonly model: string;
    readonly levels: readonly (readonly string[])[];
    readonly of: Signature;
  } & Pick<TrainingSpec, "classWeights">,
): void {
  const { task, classes } = family.of;
  if (task !== "binary" && task !== "regression") return;
  const { classWeights } = family;
  const asked = { task, ...(classWeights ? { classWeights } : {}) };
  for (const { inputs, output, truth } of rows) {
    const label = truth!.label;
    const target = task === "binary" ? Number(String(label) === classes[1]) : Number(label);
    const [loss] = lossesOf(asked, Float64Array.of(output[0]!), Float64Array.of(target));
    if (!Number.isFinite(loss)) continue;
    for (const name of namesOf(family.model, family.levels, (column) => inputs[column])) {
      if (name === undefined) continue;
      const known = losses.get(name) ?? { rows: 0, sum: 0, squares: 0 };
      known.rows += 1;
      known.sum += loss!;
      known.squares += loss! ** 2;
      losses.set(name, known);
    }
  }
}

async function windowFor(
  deps: Pick<Platform, "project" | "clock">,
  { model, start, end }: WatchFamilyInput,
): Promise<{ readonly start: number; readonly end: number }> {
  if (start !== undefined && end !== undefined) return { start, end };
  const { definition } = await deps.project();
  const { unit, days } = FAMILY_WINDOWS[definition.models[model]?.monitor?.window ?? "day"];
  const last = windowOf(deps.clock.now(), unit).start;
  return { start: last - days * DAY_MS, end: last };
}
