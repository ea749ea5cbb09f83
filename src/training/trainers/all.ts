import type { Trainer } from "../trainer.ts";
import { forest } from "./forest.ts";
import { gbdt } from "./gbdt.ts";

/** Every built-in trainer. */
// biome-ignore lint/suspicious/noExplicitAny: each trainer has its own parameters; `params` checks them where they come in.
export const TRAINERS: readonly Trainer<any>[] = [forest, gbdt];
