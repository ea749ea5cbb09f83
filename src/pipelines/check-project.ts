import { z } from "zod";
import { MillwrightError } from "../errors.ts";
import type { AbstainGoal } from "../evaluation/abstention.ts";
import { gateNamed } from "../evaluation/gates/all.ts";
import { METRICS } from "../evaluation/metrics/all.ts";
import { isName, NAME_RULE } from "../lib/name.ts";
import { capacityOf } from "../scoring/forwarding.ts";
import { TRAINERS } from "../training/trainers/all.ts";
import { PipelinesForm } from "./pipeline-form.ts";
import { placingFields, queueName } from "./placing-form.ts";
import type { Budget, GateDefinition, ProjectDefinition } from "./project.ts";
import { rateOf } from "./queue-limits.ts";
import { RunForm } from "./remote-run.ts";

const NAME = z.string().refine(isName, `use ${NAME_RULE}`);

const duration = z
  .string()
  .regex(/^\d+(\.\d+)?(ms|s|m|h|d)$/, 'write a number and a unit, such as "60s", "10m", "1h"');

const budget = z.custom<Budget>().superRefine((value, context) => {
  if (BudgetForm.safeParse(value).success) return;
  context.addIssue({
    code: "custom",
    message: 'write a time such as "60s", "10m", "1h", or { trials: 50 }, or { cost: 0.5 }',
  });
});
const BudgetForm = z.union([
  duration,
  z.strictObject({ trials: z.number().int().min(1).max(10_000) }),
  z.strictObject({ cost: z.number().positive() }),
]);

type ClassWeights = "balanced" | Readonly<Record<string, number>>;
const WeightsForm = z.union([z.literal("balanced"), z.record(z.string(), z.number().positive())]);
function checkClassWeights(value: unknown, context: z.core.$RefinementCtx): void {
  if (WeightsForm.safeParse(value).success) return;
  context.addIssue({
    code: "custom",
    message: 'write "balanced", or a weight above 0 by class, such as { yes: 3 }',
  });
}

const steps = z
  .array(z.number().gt(0).max(100))
  .min(1)
  .refine(
    (given) => given.every((step, i) => i === 0 || step > given[i - 1]!),
    "write percentages that climb, such as [1, 5, 25, 50, 100]",
  );

const Dataset = z.strictObject({
  source: z.string().min(1),
  key: z.string().optional(),
  time: z.string().optional(),
  header: z.array(z.string().min(1)).optional(),
  onBadRows: z.enum(["quarantine", "block"]).optional(),
});

const share = z.number().min(0.5).lt(1);
const AbstainForm = z.union([
  z.strictObject({ precision: share }),
  z.strictObject({ coverage: share, perClass: z.boolean().optional() }),
]);

const LogSection = z.strictObject({
  keep: z
    .string()
    .regex(/^([1-9]\d{0,4}[dh]|forever)$/, 'write days or hours such as "400d", or "forever"')
    .optional(),
});

const Command = z.strictObject({
  run: RunForm,
  requirements: z.string().min(1).optional(),
  python: z.string().min(1).optional(),
  params: z.record(z.string(), z.json()).optional(),
  timeout: duration.optional(),
  files: z.array(z.string().min(1)).optional(),
});

const column = z.string().min(1);
const columns = z
  .array(column)
  .refine((names) => new Set(names).size === names.length, "names a column twice");

const Family = z
  .strictObject({
    by: z.union([column, columns.min(1)]),
    parents: z.array(columns).max(6).optional(),
    enough: z
      .strictObject({
        rows: z.number().int().min(30).optional(),
        perClass: z.number().int().min(5).optional(),
        shrink: z.number().int().min(10).optional(),
        test: z.number().int().min(5).optional(),
      })
      .optional(),
    trainers: z
      .array(z.enum(TRAINERS.map((t) => t.name) as [string, ...string[]]))
      .min(1)
      .optional(),
    proof: z.boolean().optional(),
    pooling: z.boolean().optional(),
  })
  .superRefine(({ by, parents = [] }, context) => {
    const empty = parents.findIndex((names) => names.length === 0);
    if (empty >= 0 && empty < parents.length - 1)
      context.addIssue({
        ...{ code: "custom", path: ["parents", empty] },
        message: "[] is the model that everybody shares: it comes last",
      });
    const levels = [typeof by === "string" ? [by] : by, ...parents].map((names) =>
      [...names].sort().join(),
    );
    levels.forEach((names, i) => {
      if (levels.indexOf(names) < i)
        context.addIssue({
          ...{ code: "custom", path: ["parents", i - 1] },
          message: "is a level that is there already",
        });
    });
  });
const Queue = z.strictObject({
  concurrency: z.number().int().min(1).optional(),
  perWorker: z.number().int().min(1).optional(),
  rate: z
    .string()
    .refine((text) => rateOf(text) !== undefined, {
      error: 'write starts in a time, such as "100/minute", "10/s" or "20/15m"',
    })
    .optional(),
});

const Model = z.strictObject({
  dataset: z.string(),
  target: z.string().min(1),
  positive: z.string().optional(),
  features: z
    .record(
      z.string(),
      z.strictObject({ role: z.enum(["numeric", "category", "text", "time", "ignore"]) }),
    )
    .optional(),
  onlyListed: z.boolean().optional(),
  train: z
    .strictObject({
      ...placingFields,
      budget: budget.optional(),
      metric: z.enum(METRICS.map((m) => m.name) as [string, ...string[]]).optional(),
      trainers: z
        .array(z.enum(TRAINERS.map((t) => t.name) as [string, ...string[]]))
        .min(1)
        .optional(),
      commands: z.record(NAME, Command).optional(),
      seed: z
        .number()
        .int()
        .min(0)
        .max(2 ** 31)
        .optional(),
      split: z.enum(["time", "random", "grouped"]).optional(),
      test: z.number().min(0.05).max(0.5).optional(),
      classWeights: z.custom<ClassWeights>().superRefine(checkClassWeights).optional(),
      calibrate: z.boolean().optional(),
      monotone: z.record(z.string(), z.enum(["increasing", "decreasing"])).optional(),
    })
    .optional(),
  family: Family.optional(),
  gates: z
    .array(z.strictObject({ gate: z.string(), params: z.record(z.string(), z.unknown()) }))
    .optional(),
  abstain: z
    .custom<AbstainGoal>()
    .superRefine((value, context) => {
      const goal = AbstainForm.safeParse(value);
      if (goal.success) return;
      context.addIssue({
        code: "custom",
        message:
          "write { precision: 0.99 } or { coverage: 0.9 } (with perClass: true, if wanted); shares from 0.5 up to, and not including, 1",
      });
    })
    .optional(),
  deploy: z
    .strictObject({
      shadow: z
        .union([
          z.literal(false),
          z.strictObject({
            minLabels: z.number().int().min(5).optional(),
            maxLabels: z.number().int().min(5).optional(),
          }),
        ])
        .optional(),
      canary: z
        .union([
          z.literal(false),
          steps,
          z.strictObject({ steps: steps.optional(), minRows: z.number().int().min(10).optional() }),
        ])
        .optional(),
    })
    .optional(),
  retrain: z
    .strictObject({
      every: z
        .string()
        .regex(
          /^(day|week|month|[1-9]\d{0,3}[hd])$/,
          'write "day", "week", "month", or such as "12h", "3d"',
        )
        .optional(),
      onCodeChange: z.boolean().optional(),
      onDrift: z.boolean().optional(),
      onLabels: z.number().int().min(1).optional(),
    })
    .optional(),
  monitor: z.strictObject({ window: z.enum(["hour", "day", "week"]).optional() }).optional(),
  log: LogSection.optional(),
  forward: z
    .strictObject({
      to: NAME,
      capacity: z.string().refine((text) => capacityOf(text) !== undefined, {
        error: 'write how many rows in which time, such as "40/hour", "500/day" or "20/15m"',
      }),
    })
    .optional(),
});

const Project = z.strictObject({
  name: NAME.optional(),
  replay: z.boolean().optional(),
  datasets: z.record(NAME, Dataset),
  models: z.record(NAME, Model),
  pipelines: PipelinesForm.optional(),
  log: LogSection.optional(),
  queues: z.record(queueName, Queue).optional(),
  prices: z.strictObject({ cpuHour: z.number().positive() }).optional(),
});

/** @param source the file's text, to point at the line. Throws `invalid_config`: file, line, field, what is wrong. */
export function checkProject(value: unknown, file: string, source: string): ProjectDefinition {
  const parsed = Project.safeParse(value, { reportInput: true });
  if (!parsed.success) {
    const lines = parsed.error.issues.slice(0, 10).map((issue) => {
      const unknown = issue.code === "unrecognized_keys" ? issue.keys.slice(0, 1) : [];
      const path = [...issue.path.map(String), ...unknown];
      return `${file}${lineOf(source, path)}: ${path.join(".") || "the default export"}: ${unknown.length > 0 ? "there is no such field" : wordsOf(issue)}`;
    });
    throw new MillwrightError("invalid_config", lines.join("\n"));
  }
  const project = parsed.data as ProjectDefinition;
  for (const [name, model] of Object.entries(project.models)) {
    model.gates?.forEach((choice, i) => {
      const wrong = wrongGate(choice);
      if (wrong === undefined) return;
      const place = lineOf(source, ["models", name, "gates"]);
      const where = `models.${name}.gates.${i}`;
      throw new MillwrightError("invalid_config", `${file}${place}: ${where}: ${wrong}`);
    });
    if (project.datasets[model.dataset]) continue;
    const known = Object.keys(project.datasets).join(", ") || "none";
    throw new MillwrightError(
      "invalid_config",
      `${file}${lineOf(source, ["models", name, "dataset"])}: models.${name}.dataset: there is no dataset "${model.dataset}". Known datasets: ${known}.`,
    );
  }
  return project;
}

/** Otherwise a training would find out at its end. */
function wrongGate({ gate, params }: GateDefinition): string | undefined {
  try {
    const [issue] = gateNamed(gate).params.safeParse(params).error?.issues ?? [];
    return issue && `gate "${gate}": parameter ${issue.path.join(".")}: ${issue.message}`;
  } catch (error) {
    return (error as Error).message;
  }
}

/** What is wrong, with the value that is (of a name that may not be one: why). */
function wordsOf(issue: z.core.$ZodIssue): string {
  const { input } = issue as { readonly input?: unknown };
  const message = issue.code === "invalid_key" ? issue.issues[0]?.message : undefined;
  const plain =
    typeof input === "string" || typeof input === "number" || typeof input === "boolean";
  return `${plain ? `${JSON.stringify(input).slice(0, 80)}: ` : ""}${message ?? issue.message}`;
}

/** `:line` of the last key of the path that can be found in order in the text, or nothing. */
function lineOf(source: string, path: readonly string[]): string {
  let at = 0;
  let found = -1;
  for (const key of path) {
    const next = source
      .slice(at)
      .search(new RegExp(`["']?\\b${key.replace(/[^\w]/g, "\\$&")}\\b["']?\\s*:`));
    if (next < 0) break;
    found = at + next;
    at = found + key.length;
  }
  return found < 0 ? "" : `:${source.slice(0, found).split("\n").length}`;
}
