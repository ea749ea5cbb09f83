import { MillwrightError } from "../errors.ts";

/** What a person typed as JSON; undefined: nothing. Throws `invalid_input` with an example that a shell takes. */
export function jsonArgument(option: string, text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new MillwrightError(
      "invalid_input",
      `${option} ${text.slice(0, 200)}: is no JSON (${(error as Error).message}). Put it in single quotes: ${option} '{"name": "value"}'`,
    );
  }
}
