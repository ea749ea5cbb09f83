import { z } from "zod";
import { isName, NAME_RULE } from "../lib/name.ts";
import type { PipelineDefinition } from "./pipeline.ts";
import { pipelineParams } from "./pipeline-params.ts";
import { type PipelineSchedule, scheduleProblem, WEEKDAYS } from "./pipeline-schedule.ts";
import { placingFields } from "./placing-form.ts";

/** Names that are ours: `millwright runs` shows them beside those of people. */
export const OWN_PIPELINES: readonly string[] = [
  ...["train", "train-family", "family-chunk", "adopt", "watch", "watch-family", "judge"],
  ...["score", "score-help", "reproduce", "reproduce-member"],
  ...["tidy-log", "run-program"],
];

const params = z.record(z.string().min(1), z.json());

const Options = z.strictObject({
  ...placingFields,
  params: params.optional(),
  schedule: z
    .union([
      z.string(),
      z.strictObject({
        every: z.string(),
        at: z.string().optional(),
        on: z.enum(WEEKDAYS).optional(),
        params: params.optional(),
      }),
    ])
    .optional(),
});

const NO_PIPELINE = 'write pipeline("<name>", …), imported from a file of yours';

const Pipeline = z.custom<PipelineDefinition>().superRefine((value, context) => {
  const say = (path: readonly PropertyKey[], message: string): void =>
    context.addIssue({ code: "custom", path: [...path], message });
  const { pipeline, body, options } = (value ?? {}) as Partial<PipelineDefinition>;
  if (typeof pipeline !== "string" || typeof body !== "function") return say([], NO_PIPELINE);
  const parsed = Options.safeParse(options);
  for (const { path, message, ...issue } of parsed.error?.issues ?? []) {
    const unknown = issue.code === "unrecognized_keys" ? issue.keys.slice(0, 1) : [];
    say([...path, ...unknown], unknown.length > 0 ? "there is no such field" : message);
  }
  const { schedule } = parsed.data ?? {};
  if (schedule === undefined) return;
  const problem = scheduleProblem(schedule as PipelineSchedule);
  if (problem !== undefined) return say(["schedule"], problem);
  if (typeof schedule === "string" || schedule.params === undefined) return;
  try {
    pipelineParams(
      { pipeline, options: parsed.data as PipelineDefinition["options"] },
      schedule.params,
    );
  } catch (error) {
    say(["schedule", "params"], (error as Error).message);
  }
});

/** `pipelines` of a project. */
export const PipelinesForm = z
  .record(z.string().refine(isName, `use ${NAME_RULE}`), Pipeline)
  .superRefine((pipelines, context) => {
    for (const [name, given] of Object.entries(pipelines)) {
      const pipeline = (given as Partial<PipelineDefinition> | null)?.pipeline;
      const say = (message: string) => context.addIssue({ code: "custom", path: [name], message });
      if (OWN_PIPELINES.includes(name)) say("this name is one of Millwright's own; take another");
      else if (typeof pipeline === "string" && pipeline !== name)
        say(`it is pipeline("${pipeline}", …): give the field and the pipeline the same name`);
    }
  });
