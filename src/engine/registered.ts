import { MillwrightError } from "../errors.ts";
import type { Pipeline } from "./engine.ts";

/** The pipelines a process knows: those that came with it, and others, which are made for a name when they are asked for. */
export interface Registered {
  /** Throws `invalid_config` for a name that is taken. */
  add(pipeline: Pipeline): void;
  others(named: (name: string) => Pipeline | undefined): void;
  get(name: string): Pipeline | undefined;
  names(): readonly string[];
}

export function registeredPipelines(): Registered {
  const own = new Map<string, Pipeline>();
  let named: (name: string) => Pipeline | undefined = () => undefined;
  return {
    add(pipeline) {
      if (own.has(pipeline.name))
        throw new MillwrightError("invalid_config", `Two pipelines are called '${pipeline.name}'.`);
      own.set(pipeline.name, pipeline);
    },
    others(find) {
      named = find;
    },
    get: (name) => own.get(name) ?? named(name),
    names: () => [...own.keys()],
  };
}
