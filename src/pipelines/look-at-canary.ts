import type { Digest } from "../lib/digest.ts";
import { type CanaryDecision, judgeCanary } from "../monitoring/canary-guards.ts";
import { hasChampion } from "../serving/routing.ts";
import { armSeries, errorScale, stepFrom } from "./arm-series.ts";
import { minRowsOf } from "./ladder.ts";
import type { Platform } from "./platform.ts";
import { readArms } from "./read-arms.ts";

/** A canary as it stood, and what its guards said. */
export interface CanaryLook {
  readonly decision: CanaryDecision;
  /** Of the split that was judged. */
  readonly split: string;
  readonly percent: number;
  /** The next percentage; 100 = promoted; undefined: it stays where it is. */
  readonly next: number | undefined;
  readonly champion: Digest;
  readonly version: Digest;
  readonly at: number;
}

/** Reads what a model's canary and its champion did since it began, and asks the guards. undefined: there is no canary. */
export async function lookAtCanary(
  platform: Pick<Platform, "serving" | "registry" | "predictions" | "project" | "clock">,
  { model, asOf }: { readonly model: string; readonly asOf?: number | undefined },
): Promise<CanaryLook | undefined> {
  const route = await platform.serving.route(model);
  const { split } = route ?? {};
  if (!route || !hasChampion(route) || split?.kind !== "canary") return undefined;
  const { definition } = await platform.project();
  const [champion, own] = [
    await platform.registry.get(route.champion.id),
    await platform.registry.get(split.version.id),
  ];
  if (!champion || !own) return undefined;
  const logs = await readArms(platform, { route, split, asOf });
  const asked = (id: Digest) => logs.find(({ arm }) => arm.version.id === id)?.asked ?? [];
  const standing = asked(champion.id);
  const shared = {
    champion: champion.signature,
    scale: errorScale(standing, champion.signature),
    stepFrom: stepFrom(split, asOf),
  };
  const decision = judgeCanary(
    armSeries(asked(own.id), { ...shared, own: own.signature }),
    armSeries(standing, { ...shared, own: champion.signature }),
    { share: split.percent / 100, minRows: minRowsOf(definition.models[model]) },
  );
  return {
    ...{ decision, split: split.id, percent: split.percent, next: split.steps?.[0] },
    ...{ champion: champion.id, version: own.id, at: asOf ?? platform.clock.now() },
  };
}
