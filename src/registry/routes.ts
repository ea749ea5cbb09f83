import type { InputOf, OutputOf } from "../../sdk/src/contract/endpoint.ts";
import { type ModelDetail, type ModelSummary, models } from "../../sdk/src/contract/models.ts";
import type { Incident, Series } from "../../sdk/src/contract/shapes.ts";
import type { Engine } from "../engine/engine.ts";
import { MillwrightError } from "../errors.ts";
import type { HttpRoute } from "../http/http.ts";
import { mount } from "../http/mount.ts";
import { runSummary, subjectOf } from "../tracking/run-view.ts";
import { championStack } from "./champion-stack.ts";
import type { Evidence } from "./evidence.ts";
import type { ListedVersion, ModelVersion } from "./model-version.ts";
import { moveView, versionDetail, versionRef } from "./model-view.ts";
import type { RegistryStore } from "./store.ts";

export interface ModelRoutesDeps {
  readonly registry: RegistryStore;
  readonly engine: Engine;
  /** Models of the project definition: one that was never trained is shown too. */
  defined(): Promise<
    readonly { readonly name: string; readonly dataset: string; readonly target: string }[]
  >;
  /** The family of which a name is a member. */
  familyOf(member: string): Promise<string | undefined>;
  /** The stored evaluation and leaderboard; undefined when they cannot be read. Asked once per version: they never change. */
  evidence(version: ListedVersion): Promise<Evidence | undefined>;
  /** Newest first. */
  incidents(model: string): Promise<readonly Incident[]>;
  /** The first is the one shown as the model's health. */
  series(model: string): Promise<readonly Series[]>;
  /** As it is served now: version numbers, and the split in words. */
  route(
    model: string,
  ): Promise<(NonNullable<ModelDetail["route"]> & Pick<ModelSummary, "split">) | null>;
  shadow(model: string): Promise<ModelDetail["shadow"]>;
  /** Submits a training run, or adopts the one under way; answers its id. */
  train(model: string, again: boolean): Promise<string>;
  /** Throws `gate_failed` with the reasons when the gates do not allow it. */
  promote(input: { model: string; version: ModelVersion; reason: string }): Promise<void>;
  rollback(input: { model: string; reason: string }): Promise<void>;
  /** Throws `invalid_model` in words. */
  importModel(input: InputOf<typeof models.importModel>): Promise<ImportedVersion>;
}

type ImportedVersion = OutputOf<typeof models.importModel>;

const RECENT_RUNS = 200;

/** Models, their evidence, and the three things a person does with them. */
export function modelRoutes(deps: ModelRoutesDeps): HttpRoute[] {
  const { registry, engine } = deps;
  const kept = new Map<string, Evidence>();
  const evidence = async (version: ListedVersion): Promise<Evidence | undefined> => {
    const found = kept.get(version.id) ?? (await deps.evidence(version));
    if (found) kept.set(version.id, found);
    if (kept.size > 1000) kept.delete(kept.keys().next().value!);
    return found;
  };
  const names = async (): Promise<string[]> => {
    const [registered, defined] = await Promise.all([registry.models(), deps.defined()]);
    return [...new Set([...defined.map((d) => d.name), ...registered])];
  };
  const known = async (model: string): Promise<void> => {
    const all = await names();
    if (all.includes(model)) return;
    const family = await deps.familyOf(model);
    if (family !== undefined)
      throw new MillwrightError(
        "not_found",
        `${model} is a member of the family ${family}: GET /api/families/${encodeURIComponent(family)}/members/${encodeURIComponent(model)}. It is trained by POST /api/families/${encodeURIComponent(family)}/train with its name in members.`,
      );
    throw new MillwrightError(
      "not_found",
      `There is no model ${model}. Known models: ${all.join(", ") || "none"}.`,
    );
  };
  const recentRuns = async () =>
    (await engine.list({ limit: RECENT_RUNS })).map((run) => ({
      summary: runSummary(run),
      subject: subjectOf(run.input),
    }));
  type Recent = Awaited<ReturnType<typeof recentRuns>>;

  const gather = async (model: string, recent: Recent) => {
    const [versions, champion, challenger, incidents, series, defined, route] = await Promise.all([
      registry.versions(model),
      registry.alias(model, "champion"),
      registry.alias(model, "challenger"),
      deps.incidents(model),
      deps.series(model),
      deps.defined(),
      deps.route(model),
    ]);
    const own = recent.filter((r) => r.subject === model).map((r) => r.summary);
    const ref = async (id: string | undefined) => {
      const version = versions.find((v) => v.id === id);
      return version ? versionRef(version, await evidence(version)) : null;
    };
    const signature = (versions.find((v) => v.id === champion) ?? versions[0])?.signature;
    const definition = defined.find((d) => d.name === model);
    const summary: ModelSummary = {
      name: model,
      task: signature?.task ?? null,
      target: signature?.target ?? definition?.target ?? null,
      versions: versions.length,
      champion: await ref(champion),
      challenger: await ref(challenger),
      split: route?.split ?? null,
      openIncidents: incidents.filter((i) => i.state === "open"),
      lastRun: own[0] ?? null,
      monitored: series[0] ?? null,
    };
    return { summary, versions, champions: { champion, challenger }, own, definition, route };
  };

  const detail = async (model: string): Promise<ModelDetail> => {
    await known(model);
    const { summary, versions, champions, own, definition, route } = await gather(
      model,
      await recentRuns(),
    );
    const newest = versions[0];
    const [all, moves, shadow, shown] = await Promise.all([
      Promise.all(versions.map(evidence)),
      registry.moves(model),
      deps.shadow(model),
      newest && evidence(newest),
    ]);
    const below = championStack(moves.filter((m) => m.alias === "champion"))[1];
    const aliases = {
      ...(champions.champion ? { champion: champions.champion } : {}),
      ...(champions.challenger ? { challenger: champions.challenger } : {}),
    };
    return {
      ...summary,
      dataset: definition?.dataset ?? null,
      history: versions.map((v, i) => versionDetail(v, all[i], versions, aliases)),
      moves: moves.map((m) => moveView(m, versions)),
      leaderboard:
        newest && shown?.leaderboard ? { version: newest.number, ...shown.leaderboard } : null,
      report: newest && shown?.report ? { version: newest.number, ...shown.report } : null,
      route: route && {
        ...{ champion: route.champion, shadow: route.shadow, revision: route.revision },
      },
      rollbackTo: versions.find((v) => v.id === below)?.number ?? null,
      shadow,
      runs: own.slice(0, 10),
    };
  };

  const moved = async (model: string) => {
    const [move, versions] = await Promise.all([
      registry.moves(model, "champion"),
      registry.versions(model),
    ]);
    const numberOf = (id: string | undefined) => versions.find((v) => v.id === id)?.number ?? null;
    return {
      model,
      champion: numberOf(move[0]?.version),
      previous: numberOf(move[0]?.previous),
      reason: move[0]?.reason ?? "",
    };
  };

  return mount(models, {
    async models() {
      const [all, recent] = await Promise.all([names(), recentRuns()]);
      const gathered = await Promise.all(all.map((model) => gather(model, recent)));
      return { models: gathered.map((g) => g.summary) };
    },
    model: ({ model }) => detail(model),
    async train({ model, again = false }) {
      await known(model);
      return { runId: await deps.train(model, again) };
    },
    async promote({ model, version: name, reason }) {
      await known(model);
      const version = await registry.find(model, name);
      if (!version)
        throw new MillwrightError("not_found", `Model ${model} has no version ${name}.`);
      await deps.promote({ model, version, reason: reason ?? "promoted by a person" });
      return moved(model);
    },
    importModel: (input) => deps.importModel(input),
    async rollback({ model, reason }) {
      await known(model);
      await deps.rollback({ model, reason: reason ?? "rolled back by a person" });
      return moved(model);
    },
  });
}
