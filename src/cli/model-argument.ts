import { MillwrightError } from "../errors.ts";
import type { Platform } from "../pipelines/platform.ts";

/** The model a command is about: the one named (defined in the project, or imported), or the only one. */
export async function modelNamed(
  platform: Pick<Platform, "project" | "registry">,
  name: string | undefined,
): Promise<string> {
  const { definition } = await platform.project();
  const imported = await platform.registry.models();
  const known = [...new Set([...Object.keys(definition.models), ...imported])];
  if (name !== undefined && known.includes(name)) return name;
  if (name === undefined && known.length === 1) return known[0]!;
  const list = known.join(", ") || "none";
  throw new MillwrightError(
    "invalid_input",
    name === undefined
      ? `Which model? The project has: ${list}.`
      : `The project has no model "${name}". It has: ${list}.`,
  );
}
