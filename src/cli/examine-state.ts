import type { Config } from "../config.ts";
import { openState } from "../storage/state/all.ts";
import { type Finding, finding } from "./finding.ts";

const PROBE = "doctor/probe";

/** What gateways share, where something is set. */
export async function examineState({ stateUrl, project }: Config): Promise<Finding[]> {
  if (stateUrl === undefined) return [];
  const fix = "Check STATE_URL, or leave it out: gateways then share nothing, and answer as well.";
  return [
    await finding("shared state", fix, async () => {
      const state = openState(stateUrl, { base: project, now: Date.now });
      try {
        await state.put(PROBE, new Uint8Array([1]), { ttlMs: 60_000 });
        const found = await state.get(PROBE);
        return found === undefined
          ? { state: "fail", message: "a value that was just kept is not there", fix }
          : { state: "ok", message: "a value can be kept and read (STATE_URL)" };
      } finally {
        await state.close();
      }
    }),
  ];
}
