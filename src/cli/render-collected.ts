import type { Orphans } from "../storage/orphans/collect-orphans.ts";
import type { Collected } from "../tracking/garbage/owner.ts";
import { counted } from "./render-text.ts";

/** At most so many of what stays; all of it is in the JSON. */
const SHOWN = 10;

export function renderCollected(collected: Collected, orphans: Orphans, dryRun: boolean): string[] {
  const { runs, models, experiments, files, bytes, uploads, blobs, kept } = collected;
  const things = [
    counted(runs, "run"),
    counted(models, "logged model"),
    counted(experiments, "experiment"),
  ];
  const verb = dryRun ? "would be removed" : "removed";
  return [
    `${things.join(", ")} ${verb}, with ${counted(files, "file")} (${size(bytes)}).`,
    `${counted(blobs, "stored content")} ${verb} that no file has had for a day.`,
    dryRun
      ? `${counted(orphans.unnamed, "stored content")} that nothing names would be removed when old enough.`
      : `${counted(orphans.removed, "stored content")} removed that nothing names.`,
    ...(uploads > 0 ? [`${counted(uploads, "upload")} given up that nobody completed.`] : []),
    ...(kept.length > 0 ? ["Kept:"] : []),
    ...kept.slice(0, SHOWN).map(({ what, why }) => `  ${what}: ${why}`),
    ...(kept.length > SHOWN ? [`  and ${kept.length - SHOWN} more (--json shows them)`] : []),
  ];
}

const UNITS = ["bytes", "KiB", "MiB", "GiB", "TiB"];

function size(bytes: number): string {
  let value = bytes;
  let unit = 0;
  for (; value >= 1024 && unit < UNITS.length - 1; unit++) value /= 1024;
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit]}`;
}
