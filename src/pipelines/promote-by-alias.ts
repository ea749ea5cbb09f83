import type { Run } from "../engine/engine.ts";
import { MillwrightError } from "../errors.ts";
import type { Json } from "../lib/json.ts";
import { isActive } from "../tracking/run-view.ts";
import type { AdoptInput } from "./adopt-version.ts";
import { NOT_JUDGED } from "./import-model.ts";
import type { Platform } from "./platform.ts";
import { promote } from "./promote.ts";

/** A client's script registers a version and sets its alias in one breath: so long its adoption is waited for. */
const PATIENCE_MS = 60_000;
/** Within this the event log has started the adoption; later nobody will. */
const STARTED_WITHIN_MS = 5000;
const LOOK_MS = 250;
/** Further back a version that is being judged is not looked for: so many may have been registered after it. */
const RECENT = 1000;

type Deps = Parameters<typeof promote>[0] &
  Pick<Platform, "engine" | "clock" | "evaluationOf"> & { pause(ms: number): Promise<unknown> };

/**
 * A client of MLflow points the alias `champion` to a version: a promotion, with our gates before it. `not servable`: there is
 * nothing to serve of that version, so the alias is only a name. Throws `gate_failed` with the verdict's reasons and what a
 * person can do, and `unavailable` while the version is still being judged.
 */
export async function promoteByAlias(
  deps: Deps,
  { model, number }: { readonly model: string; readonly number: number },
): Promise<"promoted" | "not servable"> {
  await adopted(deps, model, number);
  const version = await deps.registry.find(model, String(number));
  if (!version) return "not servable";
  const force = `millwright promote ${model} ${number} --force`;
  const verdict = version.report && (await deps.evaluationOf(version)).verdict;
  const { definition } = await deps.project();
  if (verdict === undefined && Object.hasOwn(definition.models, model))
    throw new MillwrightError(
      "gate_failed",
      `Version ${number} of ${model} was not judged, and the project's gates decide about ${model}. Its tag millwright.reason says why. Make it champion all the same with: ${force}`,
    );
  if (verdict && !verdict.pass)
    throw new MillwrightError(
      "gate_failed",
      `Version ${number} of ${model} did not pass its gates. ${verdict.reasons.join(" ")} Make it champion all the same with: ${force}`,
    );
  const said = "the alias champion was set by a client of MLflow";
  await promote(deps, {
    ...{ model, version: version.id, guard: true, runId: undefined, at: deps.clock.now() },
    ...{ verdict: verdict as unknown as Json | undefined },
    reason: verdict ? said : `${said} (${NOT_JUDGED})`,
  });
  return "promoted";
}

/**
 * Waits until the version's adoption is over, where one is under way or about to be: also when it is registered already, since what
 * the adoption deploys must not come after what the client asks for.
 */
async function adopted(
  { registry, engine, clock, pause }: Deps,
  model: string,
  number: number,
): Promise<void> {
  const began = clock.now();
  for (;;) {
    const run = (await engine.list({ pipeline: "adopt", limit: RECENT })).find((known) =>
      isOf(known, model, number),
    );
    if (run && !isActive(run)) return;
    if (!run && (await registry.find(model, String(number)))) return;
    const waited = clock.now() - began;
    if (!run && waited > STARTED_WITHIN_MS) return;
    if (waited > PATIENCE_MS)
      throw new MillwrightError(
        "unavailable",
        `Version ${number} of ${model} is still being judged (run ${run?.id}); set the alias when that is over.`,
      );
    await pause(LOOK_MS);
  }
}

function isOf({ input }: Run, model: string, number: number): boolean {
  const given = input as unknown as AdoptInput;
  return given.model === model && given.registered?.number === number;
}
