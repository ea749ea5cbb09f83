import pc from "picocolors";
import type { DatasetVersion } from "../datasets/dataset-version.ts";
import { MillwrightError } from "../errors.ts";
import { memberView } from "../families/family-view.ts";
import type { Platform } from "../pipelines/platform.ts";
import type { ModelVersion } from "../registry/model-version.ts";
import type { CommandOf, GlobalOptions } from "./command.ts";
import { type Looking, lookAt } from "./look-at.ts";
import { suggestion } from "./near-names.ts";
import { renderDataset, type SetAside } from "./render-dataset.ts";
import { renderMember } from "./render-family.ts";
import { renderIncident, renderIncidents } from "./render-incident.ts";
import { renderModel, renderVersion } from "./render-model.ts";
import { renderRun } from "./render-run.ts";
import { versionNamed, versionView } from "./version-view.ts";

interface Shown {
  readonly lines: readonly string[];
  readonly result: unknown;
}

export const show: CommandOf = (program, context) => {
  program
    .command("show")
    .argument(
      "<what>",
      "a run, a model, model@version, a member of a family, a dataset, a digest, or `incidents`",
    )
    .action(async (what: string, _: unknown, command) => {
      const options: GlobalOptions = command.optsWithGlobals();
      await lookAt(context, options, (looking) => shown(what, looking));
    });
};

/** Looks where the name can be, the most exact kinds first. */
async function shown(what: string, looking: Looking): Promise<Shown> {
  const { platform } = looking;
  if (what === "incidents") return showIncidents(looking);
  if (what.startsWith("run_")) {
    const found = await showRun(what, looking);
    if (found) return found;
  }
  const incident = (await platform.monitoring.incidents()).find(({ id }) => id === what);
  if (incident) return { lines: renderIncident(incident, looking.width), result: incident };
  if (/^(sha256:)?[0-9a-f]{8,64}$/.test(what)) {
    const found = await showDigest(what, looking);
    if (found) return found;
  }
  const { definition } = await platform.project();
  const models = new Set([
    ...Object.keys(definition.models),
    ...(await platform.registry.models()),
  ]);
  const at = what.lastIndexOf("@");
  const model = at > 0 ? what.slice(0, at) : what;
  if (models.has(model))
    return at > 0
      ? showVersion(await versionNamed(platform, model, what.slice(at + 1)), looking)
      : showModel(model, looking);
  const datasets = new Set([
    ...Object.keys(definition.datasets),
    ...(await platform.datasets.datasets()),
  ]);
  if (datasets.has(what)) return showDataset(what, looking);
  const run = await showRun(what, looking);
  if (run) return run;
  const member = await showMember(model, looking);
  if (member) return member;
  throw new MillwrightError(
    "not_found",
    `There is nothing called "${what}". ${suggestion(what, [...models, ...datasets, "incidents"], "models or datasets")}`,
  );
}

async function showRun(id: string, { platform, now, width }: Looking): Promise<Shown | undefined> {
  const run = await platform.engine.get(id);
  if (!run) return undefined;
  const steps = await platform.engine.steps(id);
  return { lines: renderRun(run, steps, now, width), result: { ...run, steps } };
}

async function showMember(
  name: string,
  { platform, now, width }: Looking,
): Promise<Shown | undefined> {
  const found = await platform.families.memberNamed(name);
  if (!found) return undefined;
  const { family, member } = found;
  const view = memberView(member);
  const more = `  A member of the family ${family}: millwright family ${family}`;
  return {
    lines: [...renderMember(view, width, now), pc.dim(more)],
    result: { ...view, family },
  };
}

async function showModel(model: string, { platform, now, width }: Looking): Promise<Shown> {
  const { definition } = await platform.project();
  const all = await platform.registry.versions(model);
  const versions = await Promise.all(all.map((version) => versionView(platform, version)));
  const moves = await platform.registry.moves(model);
  const target = definition.models[model]?.target ?? all[0]?.signature.target ?? "";
  return {
    lines: renderModel({ model, target, versions, moves }, now, width),
    result: {
      model,
      target,
      versions: versions.map(({ version, aliases, evaluation }) => ({
        ...version,
        aliases,
        metrics: evaluation?.report.metrics ?? [],
        passed: evaluation?.verdict.pass ?? null,
      })),
      moves,
    },
  };
}

async function showVersion(version: ModelVersion, looking: Looking): Promise<Shown> {
  const { platform, now, width } = looking;
  const view = await versionView(platform, version);
  const parent = version.parent && (await platform.registry.get(version.parent));
  return {
    lines: renderVersion(view, parent || undefined, now, width),
    result: { ...withoutVocabulary(version), aliases: view.aliases, evaluation: view.evaluation },
  };
}

async function showDataset(name: string, looking: Looking): Promise<Shown> {
  const latest = await looking.platform.datasets.latest(name);
  if (!latest)
    throw new MillwrightError(
      "not_found",
      `Dataset "${name}" has not been read yet. Training reads it: millwright train`,
    );
  return showDatasetVersion(latest, looking);
}

const SET_ASIDE_SHOWN = 8;

async function showDatasetVersion(version: DatasetVersion, looking: Looking): Promise<Shown> {
  const { platform, now, width } = looking;
  const versions = await platform.datasets.versions(version.dataset);
  const aside = version.quarantine ? await setAside(platform, version.quarantine.data) : [];
  return {
    lines: renderDataset(version, versions, aside, now, width),
    result: { ...version, setAside: aside },
  };
}

async function setAside(
  { blobs, columns }: Pick<Platform, "blobs" | "columns">,
  data: DatasetVersion["data"],
): Promise<SetAside[]> {
  const table = await columns.readTable(await blobs.localPath(data), {
    columns: ["line", "reason"],
    to: SET_ASIDE_SHOWN,
  });
  const line = table.columns.get("line");
  const reason = table.columns.get("reason");
  if (line?.type !== "number" || reason?.type !== "string") return [];
  return Array.from(line.values, (at, i) => ({
    line: at,
    reason: reason.dictionary[reason.codes[i]!] ?? "",
  }));
}

async function showDigest(digest: string, looking: Looking): Promise<Shown | undefined> {
  const { platform } = looking;
  const start = digest.startsWith("sha256:") ? digest : `sha256:${digest}`;
  for (const dataset of await platform.datasets.datasets()) {
    const found = (await platform.datasets.versions(dataset)).find((v) => v.id.startsWith(start));
    if (found) return showDatasetVersion(found, looking);
  }
  for (const model of await platform.registry.models()) {
    const found = await platform.registry.find(model, start);
    if (found) return showVersion(found, looking);
  }
  return undefined;
}

async function showIncidents({ platform, width }: Looking): Promise<Shown> {
  const incidents = await platform.monitoring.incidents();
  return { lines: renderIncidents(incidents, width), result: { incidents } };
}

/** Vocabularies are long and say nothing to a reader. */
const withoutVocabulary = ({ signature, ...version }: ModelVersion) => ({
  ...version,
  signature: {
    ...signature,
    columns: signature.columns.map(({ name, role }) => ({ name, role })),
  },
});
