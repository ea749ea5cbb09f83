import type { Pipeline } from "../engine/engine.ts";
import { MillwrightError } from "../errors.ts";
import type { Digest } from "../lib/digest.ts";
import type { Json } from "../lib/json.ts";
import { doWork } from "./do-work.ts";
import type { Platform } from "./platform.ts";

/** Input of every run of a person's pipeline. */
export interface UserRunInput {
  /** The bundle, among the blobs: the run executes this and no other code, on whichever worker and however long it takes. */
  readonly code: Digest;
  readonly params: Readonly<Record<string, Json>>;
}

/** A pipeline that the code of the run declares under this name. */
export const userPipeline = (platform: Platform, name: string): Pipeline<UserRunInput, Json> => ({
  name,
  async run(steps, input) {
    const { code, params } = checked(name, input);
    const about = await steps.step("begin", () => begin(platform, { name, runId: steps.runId }));
    const { startedAt, lastSuccess, forwards } = about;
    const { folder } = platform;
    return platform.bodies.run({
      ...{ steps, code, pipeline: name },
      about: { id: steps.runId, params, startedAt, lastSuccess, folder },
      work: (step, work, options) =>
        doWork(platform, { steps, pipeline: name, name: step, work, options, folder, forwards }),
      childInput: (childParams) => ({ code, params: childParams }),
    });
  },
});

/** What a body may see beside its params, and must see again after a restart. */
async function begin(
  { engine, project }: Platform,
  { name, runId }: { readonly name: string; readonly runId: string },
) {
  const { definition } = await project();
  const run = await engine.get(runId);
  const startedAt = run?.createdAt ?? 0;
  const before = (await engine.list({ pipeline: name, state: "succeeded", limit: 50 })).find(
    ({ createdAt }) => createdAt < startedAt,
  );
  const forwards = Object.fromEntries(
    Object.entries(definition.models).flatMap(([model, { forward }]) =>
      forward ? [[model, forward]] : [],
    ),
  );
  return { startedAt, lastSuccess: before?.createdAt ?? null, forwards };
}

function checked(name: string, input: unknown): UserRunInput {
  const { code, params = {} } = (input ?? {}) as Partial<UserRunInput>;
  if (typeof code === "string") return { code, params };
  throw new MillwrightError(
    "not_found",
    `There is no pipeline '${name}'. Declare it in millwright.config.ts (pipelines: { … }) and start it with: millwright run ${name}`,
  );
}
