import type { Pipeline } from "../engine/engine.ts";
import type { FitChunkInput } from "../families/fit-chunk.ts";
import type { Digest } from "../lib/digest.ts";
import type { Platform } from "./platform.ts";

/** Some members of a family, trained together: what a worker takes. Gives the blob of the `ChunkResult`. */
export const familyChunk = (
  platform: Pick<Platform, "compute">,
): Pipeline<FitChunkInput, Digest> => ({
  name: "family-chunk",
  run: (steps, input) =>
    steps.step("fit", (step) => platform.compute.run<Digest>("family: chunk", input, step)),
});
