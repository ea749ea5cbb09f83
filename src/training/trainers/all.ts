import type { Trainer } from "../trainer.ts";
import { baseline } from "./baseline.ts";
import { forest } from "./forest.ts";
import { gbdt } from "./gbdt.ts";
import { linear } from "./linear.ts";
import { mlp } from "./mlp.ts";

/** Every learning algorithm, simplest first. */
// biome-ignore lint/suspicious/noExplicitAny: each trainer has its own parameters; `params` checks them where they come in.
export const TRAINERS: readonly Trainer<any>[] = [baseline, linear, forest, gbdt, mlp];
