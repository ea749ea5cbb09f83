import type { DatasetVersionRef } from "@millwright/sdk/contract/datasets";
import type { Tone } from "../../ui/badge.tsx";

/** The worst thing found in a dataset version, as a word. */
export function qualityOf(version: DatasetVersionRef | null): {
  readonly tone: Tone;
  readonly text: string;
} {
  if (version === null) return { tone: "plain", text: "not read yet" };
  if (version.broken > 0) return { tone: "bad", text: `${version.broken} broken` };
  if (version.suspicious > 0) return { tone: "warn", text: `${version.suspicious} suspicious` };
  return { tone: "good", text: "as expected" };
}
