import { MillwrightError } from "../errors.ts";
import type { Platform } from "../pipelines/platform.ts";

/**
 * The model a command is about: the one named (defined in the project, or imported), or the project's only one; in a project
 * that defines none, the only one imported.
 */
export async function modelNamed(
  platform: Pick<Platform, "project" | "registry" | "families">,
  name: string | undefined,
): Promise<string> {
  const { definition } = await platform.project();
  const defined = Object.keys(definition.models);
  if (name !== undefined && defined.includes(name)) return name;
  const known = [...new Set([...defined, ...(await platform.registry.models())])];
  if (name !== undefined && known.includes(name)) return name;
  if (name !== undefined) await refuseMember(platform, name);
  return onlyOne(defined.length > 0 ? defined : known, name);
}

/** Throws, with where to look, for the name of a member of a family: it is not a model of the project, and its family answers for it. */
export async function refuseMember(
  { families }: Pick<Platform, "families">,
  name: string,
): Promise<void> {
  const found = await families.memberNamed(name);
  if (found) throw new MillwrightError("invalid_input", memberWords(found.family, name));
}

const memberWords = (family: string, member: string): string =>
  `${member} is a member of the family ${family}. See it: millwright family ${family} ${member}. Ask the family: the columns of a row say who answers it (millwright predict ${family} …, with --explain for why).`;

/** `model@version` in two: the last @ divides, since clients of MLflow may have registered names with others in them. */
export function modelAndVersion(argument: string): readonly [string, string | undefined] {
  const at = argument.lastIndexOf("@");
  return at < 1 ? [argument, undefined] : [argument.slice(0, at), argument.slice(at + 1)];
}

/** The model to be trained: only the project defines such. */
export async function trainedModelNamed(
  platform: Pick<Platform, "project">,
  name: string | undefined,
): Promise<string> {
  const { definition } = await platform.project();
  const defined = Object.keys(definition.models);
  return name !== undefined && defined.includes(name) ? name : onlyOne(defined, name);
}

function onlyOne(known: readonly string[], name: string | undefined): string {
  if (name === undefined && known.length === 1) return known[0]!;
  const list = known.join(", ") || "none";
  throw new MillwrightError(
    "invalid_input",
    name === undefined
      ? `Which model? The project has: ${list}.`
      : `The project has no model "${name}". It has: ${list}.`,
  );
}
