import type { Pipeline } from "../engine/engine.ts";
import type { Platform } from "./platform.ts";
import { train } from "./train.ts";

/** Every pipeline. What starts each of them besides a person is in `triggers.ts`. */
export const PIPELINES: readonly { readonly pipeline: (platform: Platform) => Pipeline }[] = [
  { pipeline: train },
];
