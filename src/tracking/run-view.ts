import type { RunDetail } from "../../sdk/src/contract/runs.ts";
import type { RunSummary } from "../../sdk/src/contract/shapes.ts";
import type { Run, RunStep } from "../engine/engine.ts";
import type { Json } from "../lib/json.ts";

/** States in which a run still needs a worker, a person or time. */
const ACTIVE: ReadonlySet<Run["state"]> = new Set(["queued", "running", "waiting"]);

export const isActive = (run: Run): boolean => ACTIVE.has(run.state);

/** The model, else the dataset, that a run's input names. */
export function subjectOf(input: Json): string | undefined {
  const fields = fieldsOf(input);
  return [fields.model, fields.dataset].find((name) => typeof name === "string");
}

const fieldsOf = (value: Json): Readonly<Record<string, Json>> =>
  value !== null && typeof value === "object" && !Array.isArray(value)
    ? (value as Readonly<Record<string, Json>>)
    : {};

export const runSummary = (run: Run): RunSummary => ({
  id: run.id,
  pipeline: run.pipeline,
  subject: subjectOf(run.input) ?? null,
  state: run.state,
  createdAt: run.createdAt,
  finishedAt: run.finishedAt ?? null,
  progress: run.progress ? { ...run.progress, fraction: run.progress.fraction ?? null } : null,
  error: run.error ?? null,
  decision: decisionOf(run.output) ?? null,
});

/** `decision` or `canary` of the output (a sentence, or an object with its `reason`), else what was found (`performance`) or done (`action`). */
function decisionOf(output: Json | undefined): string | undefined {
  const { decision, canary, performance, action } = fieldsOf(output ?? null);
  const { reason } = fieldsOf(decision ?? canary ?? null);
  return [decision, reason, performance, action].find((text) => typeof text === "string");
}

export const runDetail = (run: Run, steps: readonly RunStep[]): RunDetail => ({
  ...runSummary(run),
  queue: run.queue,
  priority: run.priority,
  parent: run.parent?.id ?? null,
  input: run.input,
  output: run.output ?? null,
  steps: steps.map((step) => ({
    name: step.name,
    state: step.state,
    attempts: step.attempts,
    startedAt: step.startedAt ?? null,
    finishedAt: step.finishedAt ?? null,
    error: step.error ?? null,
  })),
});
