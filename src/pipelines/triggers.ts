import type { Schedule } from "../engine/schedule.ts";
import type { Trigger } from "../engine/trigger.ts";
import type { Digest } from "../lib/digest.ts";
import type { Json } from "../lib/json.ts";
import { isActive } from "../tracking/run-view.ts";
import type { AdoptInput } from "./adopt-version.ts";
import type { PipelineDefinition } from "./pipeline.ts";
import { pipelineParams } from "./pipeline-params.ts";
import { everyOf } from "./pipeline-schedule.ts";
import type { Platform } from "./platform.ts";
import type { ModelDefinition, ProjectDefinition } from "./project.ts";
import type { TrainInput } from "./train.ts";
import type { TrainFamilyInput } from "./train-family.ts";
import type { UserRunInput } from "./user-pipeline.ts";
import { FAMILY_WINDOWS } from "./watch-family.ts";

/**
 * What starts a training besides a person: the whole feedback of the system on one page.
 *
 *     watch ── incident, and retraining would help ──▶ train ── passes its gates ──▶ shadow ──▶ judge ──▶ (canary ──▶ judge ──▶) champion
 *     watch ── enough new labels ───────────────────▶ train
 *     watch-family ── members have become worse ────▶ train-family, these alone
 *     promote, rollback ── another champion ────────▶ train-family, all of them, unless a training that promoted goes on with them
 *     control ── the project's code changed ────────▶ train
 *     schedule ── retrain.every ────────────────────▶ train;  every window ──▶ watch;  every 5 minutes ──▶ judge;  every hour ──▶ tidy-log
 *     schedule ── a pipeline's own ─────────────────▶ that pipeline
 *     a client registered a model ──────────────────▶ adopt ── passes its gates ──▶ as above
 */
export const triggersOf = (
  platform: Pick<Platform, "project" | "registry" | "families" | "engine">,
): readonly Trigger[] => {
  const retrain = (
    name: string,
    on: readonly string[],
    wanted: (
      definition: ModelDefinition,
      payload: Readonly<Record<string, Json>>,
    ) => string | undefined,
  ): Trigger => ({
    name,
    on,
    pipeline: "train",
    async input({ subject, payload }) {
      const { definition } = await platform.project();
      const model = definition.models[subject];
      const facts = payload as Readonly<Record<string, Json>>;
      const reason = model && wanted(model, facts);
      if (reason === undefined) return undefined;
      // One at a time: what is in shadow now is the answer to the last reason.
      if ((await platform.registry.alias(subject, "challenger")) !== undefined) return undefined;
      const { asOf } = facts;
      return {
        model: subject,
        reason,
        ...(typeof asOf === "number" ? { asOf } : {}),
      } satisfies TrainInput;
    },
  });
  return [
    retrain(
      "retrain-on-incident",
      ["incident.opened", "incident.continues"],
      (model, { action, headline }) =>
        action === "retrain" && model.retrain?.onDrift !== false ? String(headline) : undefined,
    ),
    retrain("retrain-on-labels", ["labels.collected"], (_, { count }) => `${count} new labels`),
    {
      ...{ name: "retrain-members", on: ["family.failing"], pipeline: "train-family" },
      async input({ subject, payload }) {
        const { definition } = await platform.project();
        const { failing, asOf } = payload as Readonly<Record<string, Json>>;
        if (definition.models[subject]?.retrain?.onDrift === false) return undefined;
        if (definition.models[subject]?.family === undefined) return undefined;
        const members = (failing as readonly string[]).map(String);
        return {
          ...{ model: subject, members, reason: `${members.length} members have become worse` },
          ...(typeof asOf === "number" ? { asOf } : {}),
        } satisfies TrainFamilyInput;
      },
    },
    {
      name: "members-under-champion",
      on: ["model.promoted", "model.rolled_back"],
      pipeline: "train-family",
      async input({ subject, payload }) {
        const { definition } = await platform.project();
        if (definition.models[subject]?.family === undefined) return undefined;
        const { runId } = payload as Readonly<Record<string, Json>>;
        const by = typeof runId === "string" ? await platform.engine.get(runId) : undefined;
        // A training that promotes goes on with the members itself.
        if (by?.pipeline === "train" && isActive(by)) return undefined;
        const champion = await platform.registry.alias(subject, "champion");
        const whole = await platform.families.newestWhole(subject);
        if (whole?.champion === champion) return undefined;
        // Looked at once more when the run begins: one before it may have trained them by then.
        const reason = "the model they are compared with is another one";
        return { model: subject, reason, ifUnderAnother: true } satisfies TrainFamilyInput;
      },
    },
    {
      ...{ name: "adopt-registered", on: ["version.registered"], pipeline: "adopt" },
      input: ({ subject, payload }) => {
        const { number, source, runId } = payload as Readonly<Record<string, Json>>;
        return {
          model: subject,
          registered: {
            ...{ number: Number(number), source: String(source) },
            ...(typeof runId === "string" && runId !== "" ? { run: runId } : {}),
          },
        } satisfies AdoptInput as unknown as Json;
      },
    },
    retrain("retrain-on-code", ["code.changed"], (model) =>
      model.retrain?.onCodeChange === false ? undefined : "the project's code changed",
    ),
  ];
};

const WINDOW = { hour: "1h", day: "day", week: "week" } as const;
/** How often a shadow or guard is judged: looking often costs nothing, the test is always valid. */
const JUDGE_EVERY = "5m";

/** What runs by the clock for the models of a project, and its pipelines. */
export function schedulesOf(
  project: ProjectDefinition,
  /** The bundle, among the blobs: what a scheduled run of a pipeline executes. */
  code: Digest,
): Schedule[] {
  const tidy = { name: "tidy-log", pipeline: "tidy-log", every: "1h", input: {} };
  const scheduled = (definition: PipelineDefinition): Schedule[] => {
    const { pipeline, options } = definition;
    const { schedule } = options;
    if (schedule === undefined) return [];
    const given = typeof schedule === "string" ? {} : (schedule.params ?? {});
    const input: UserRunInput = {
      code,
      params: pipelineParams(definition, given as UserRunInput["params"]),
    };
    return [
      { name: `pipeline.${pipeline}`, pipeline, every: everyOf(schedule), input: { ...input } },
    ];
  };
  const own = Object.entries(project.models).flatMap(([model, { retrain, monitor, family }]) => {
    const by = (pipeline: string, every: string, input: Json): Schedule => ({
      name: `${pipeline}:${model}`,
      pipeline,
      every,
      input,
    });
    return [
      by("watch", WINDOW[monitor?.window ?? "day"], { model }),
      by("judge", JUDGE_EVERY, { model }),
      ...(family === undefined
        ? []
        : [by("watch-family", FAMILY_WINDOWS[monitor?.window ?? "day"].every, { model })]),
      ...(retrain?.every === undefined
        ? []
        : [by("train", retrain.every, { model, reason: `every ${retrain.every}` })]),
    ];
  });
  return [...own, ...Object.values(project.pipelines ?? {}).flatMap(scheduled), tidy];
}
