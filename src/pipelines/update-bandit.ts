import { withShares } from "../serving/make-split.ts";
import { hasChampion } from "../serving/routing.ts";
import { DEFAULT_RULE } from "../stats/sequential.ts";
import type { Platform } from "./platform.ts";
import { type ArmLog, readArms } from "./read-arms.ts";

export interface BanditLook {
  /** The route was changed: the shares had moved. */
  readonly revised: boolean;
  /** In words. */
  readonly text: string;
}

/** A route is a revision that every gateway takes over: shares that moved by less are left as they are. */
const WORTH_A_REVISION = 0.02;
/** P(best) from which an arm is recommended. */
const SURE = 0.95;

/**
 * Counts anew what is known to be right and wrong of each arm of a model's bandit, revises the shares when they have moved, and
 * recommends an arm (event `bandit.decided`, once) when it is the best with 95 %. Nobody is promoted: that is for a person
 * to say. undefined: there is no bandit. Safe to repeat.
 */
export async function updateBandit(
  platform: Pick<Platform, "serving" | "predictions" | "project" | "clock" | "transact">,
  input: { readonly model: string; readonly asOf?: number | undefined; readonly runId: string },
): Promise<BanditLook | undefined> {
  const { model, asOf, runId } = input;
  const route = await platform.serving.route(model);
  const { split } = route ?? {};
  if (!route || !hasChampion(route) || split?.kind !== "bandit") return undefined;
  const logs = await readArms(platform, { route, split, asOf });
  const counted = withShares(
    split.arms.map(({ version }) => {
      const log = logs.find(({ arm }) => arm.version.id === version.id);
      return { version, ...recordOf(log?.asked ?? []) };
    }),
  );
  const at = asOf ?? platform.clock.now();
  const best = [...counted.arms].sort((a, b) => b.share - a.share)[0]!;
  const labels = counted.arms.reduce((sum, { wins, losses }) => sum + wins + losses, 0);
  const text = counted.arms
    .map(
      (arm) =>
        `version ${arm.version.number}: ${arm.wins} of ${arm.wins + arm.losses} right, best with ${percent(arm.share)}`,
    )
    .join("; ");
  const moved = counted.arms.some(
    (arm, k) => Math.abs(arm.share - split.arms[k]!.share) >= WORTH_A_REVISION,
  );
  const { deploy } = (await platform.project()).definition.models[model] ?? {};
  const enough = (deploy?.shadow || undefined)?.minLabels ?? DEFAULT_RULE.minPairs;
  const decided = best.share >= SURE && labels >= enough;
  if (!moved && !decided) return { revised: false, text };
  return platform.transact(async ({ registry, serving, announce, lastAnnounced }) => {
    await registry.lock(model);
    const now = await serving.route(model);
    const same = now?.split?.id === split.id && now.revision === route.revision;
    if (now && same && moved) {
      const revised = { ...split, ...counted, since: at };
      await serving.setRoute({ ...now, split: revised, reason: text, by: runId });
    }
    const told = (await lastAnnounced("bandit.decided", model)) ?? Number.NEGATIVE_INFINITY;
    if (same && decided && told < split.begun) {
      const reason = `version ${best.version.number} is the best with ${percent(best.share)}: millwright promote ${model} ${best.version.number}`;
      await announce("bandit.decided", model, { version: best.version.id, reason }, at);
    }
    return { revised: same && moved, text: decided ? `${text}; decided` : text };
  });
}

/** Right and wrong answers whose truth is known. What an arm could not answer is wrong; what it abstained from is neither. */
function recordOf(asked: ArmLog["asked"]): { readonly wins: number; readonly losses: number } {
  let wins = 0;
  let losses = 0;
  for (const { failed, prediction } of asked) {
    if (failed) losses += 1;
    else if (prediction.truth === undefined || prediction.abstained) continue;
    else if (String(prediction.label) === String(prediction.truth.label)) wins += 1;
    else losses += 1;
  }
  return { wins, losses };
}

const percent = (share: number): string => `${Number((100 * share).toPrecision(3))} %`;
