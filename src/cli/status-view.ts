import { basename } from "node:path";
import type { Platform } from "../pipelines/platform.ts";
import type { ModelStatus, StatusView } from "./render-status.ts";
import { versionView } from "./version-view.ts";

/** Enough to see whether the last run of each kind failed. */
const RUNS_READ = 50;

export async function statusView(platform: Platform): Promise<StatusView> {
  const { definition, folder } = await platform.project();
  const known = await platform.registry.models();
  const names = [...new Set([...Object.keys(definition.models), ...known])];
  const [working, runs, incidents, models, datasets] = await Promise.all([
    platform.engine.hasWorker(),
    platform.engine.list({ limit: RUNS_READ }),
    platform.monitoring.incidents(),
    Promise.all(names.map((model) => modelStatus(platform, model))),
    Promise.all(
      Object.keys(definition.datasets).map(async (name) => ({
        name,
        latest: await platform.datasets.latest(name),
      })),
    ),
  ]);
  return {
    name: definition.name ?? basename(folder),
    ...{ folder, working, models, datasets, runs, incidents },
  };
}

async function modelStatus(platform: Platform, model: string): Promise<ModelStatus> {
  const { registry, serving } = platform;
  const versions = await registry.versions(model);
  const [champion, challenger, moves, route] = await Promise.all([
    registry.alias(model, "champion"),
    registry.alias(model, "challenger"),
    registry.moves(model, "challenger"),
    serving.route(model),
  ]);
  const viewOf = async (id: string | undefined) => {
    const version = versions.find((v) => v.id === id);
    return version && versionView(platform, version);
  };
  const challenged = moves[0];
  const inShadow = route?.shadow !== undefined && route.shadow.id === challenger;
  return {
    model,
    versions: versions.length,
    champion: await viewOf(champion),
    challenger: await viewOf(challenger),
    guard: inShadow ? undefined : route?.shadow?.number,
    shadow:
      inShadow && challenged ? { since: challenged.at, reason: challenged.reason } : undefined,
  };
}
