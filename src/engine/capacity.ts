import { existsSync, readdirSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import type { Resources } from "./engine.ts";

/** What this process may use: the limits of its container where it has some. GPUs: NVIDIA's device files, if nobody says a number. */
export function capacityHere(cpu?: number, gpu?: number): Resources {
  const constrained = process.constrainedMemory();
  return {
    cpu: cpu ?? availableParallelism(),
    // Without a limit the kernel says a number larger than any machine.
    memory: constrained > 0 ? Math.min(constrained, totalmem()) : totalmem(),
    gpu: gpu ?? deviceFiles(),
  };
}

const deviceFiles = (): number =>
  existsSync("/dev") ? readdirSync("/dev").filter((name) => /^nvidia\d+$/.test(name)).length : 0;
