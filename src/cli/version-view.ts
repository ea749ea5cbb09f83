import { MillwrightError } from "../errors.ts";
import type { Platform } from "../pipelines/platform.ts";
import type { Alias, ListedVersion, ModelVersion } from "../registry/model-version.ts";
import type { VersionView } from "./render-model.ts";

const ALIASES: readonly Alias[] = ["champion", "challenger"];

/** A version with what is known of it. A report that cannot be read hides nothing else. */
export async function versionView<V extends ListedVersion>(
  { registry, evaluationOf }: Pick<Platform, "registry" | "evaluationOf">,
  version: V,
): Promise<VersionView<V>> {
  const held = await Promise.all(ALIASES.map((alias) => registry.alias(version.model, alias)));
  return {
    version,
    aliases: ALIASES.filter((_, i) => held[i] === version.id),
    evaluation: await evaluationOf(version).catch(() => undefined),
  };
}

/** @param name number, alias or the beginning of a digest. Throws `not_found` with what there is. */
export async function versionNamed(
  { registry }: Pick<Platform, "registry">,
  model: string,
  name: string,
): Promise<ModelVersion> {
  const found = await registry.find(model, name);
  if (found) return found;
  const numbers = (await registry.versions(model)).map((v) => v.number);
  throw new MillwrightError(
    "not_found",
    numbers.length === 0
      ? `Model "${model}" has no version yet. Train one with: millwright train ${model}`
      : `Model "${model}" has no ${name === "champion" || name === "challenger" ? name : `version "${name}"`}. It has ${numbers.length === 1 ? "only version" : "the versions"} ${numbers.slice(0, 20).join(", ")}${numbers.length > 20 ? ", …" : ""}; see: millwright show ${model}`,
  );
}
