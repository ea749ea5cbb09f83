import type { Trainer } from "../trainer.ts";
import { baseline } from "./baseline.ts";
import { linear } from "./linear.ts";

/** Every learning algorithm, simplest first. */
export const TRAINERS: readonly Trainer[] = [baseline, linear];
