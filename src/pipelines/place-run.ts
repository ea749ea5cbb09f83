import type { Placing } from "../engine/engine.ts";
import { bytesOf } from "../lib/bytes.ts";
import type { Platform } from "./platform.ts";
import type { PlacingDefinition } from "./project.ts";

/** Runs that fit models, and so wait where the model's `train` says. */
const FITTING: ReadonlySet<string> = new Set(["train", "reproduce"]);

/** Where a run waits, as the project says it. Models (datasets, where a run is about none) take turns. */
export async function placeRun(
  { project }: Pick<Platform, "project">,
  { pipeline, input }: { readonly pipeline: string; readonly input: unknown },
): Promise<Placing> {
  const { model, dataset } = (input ?? {}) as {
    readonly model?: unknown;
    readonly dataset?: unknown;
  };
  const share = [model, dataset].find((name) => typeof name === "string");
  const turn = share === undefined ? {} : { share };
  if (typeof model !== "string" || !FITTING.has(pipeline)) return turn;
  // A project that cannot be read is told of by the run itself.
  const loaded = await project().catch(() => undefined);
  return { ...turn, ...asPlacing(loaded?.definition.models[model]?.train) };
}

/** Pipelines of people take turns with each other. */
export async function placeUserRun(
  { project }: Pick<Platform, "project">,
  { pipeline }: { readonly pipeline: string },
): Promise<Placing> {
  const loaded = await project().catch(() => undefined);
  return { share: pipeline, ...asPlacing(loaded?.definition.pipelines?.[pipeline]?.options) };
}

function asPlacing({ queue, priority, needs }: PlacingDefinition = {}): Placing {
  const memory = needs?.memory === undefined ? 0 : bytesOf(needs.memory);
  return {
    ...(queue === undefined ? {} : { queue }),
    ...(priority === undefined ? {} : { priority }),
    ...(needs === undefined ? {} : { needs: { ...needs, memory: memory ?? 0 } }),
  };
}
