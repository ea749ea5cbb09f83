import type { ModelDefinition } from "./project.ts";

/** The percentages a canary climbs before it is promoted, and how many rows it answers on each step. */
export interface Ladder {
  /** Ascending, below 100; not empty. */
  readonly steps: readonly [number, ...number[]];
  readonly minRows: number;
}

const LEAST_ROWS = 200;

/** undefined: versions are promoted in one go. */
export function ladderOf(definition: ModelDefinition | undefined): Ladder | undefined {
  const { steps, minRows } = asked(definition);
  const [first, ...rest] = steps.filter((percent) => percent < 100);
  return first === undefined ? undefined : { steps: [first, ...rest], minRows };
}

/** Rows a canary answers on a step before the next, also of one that a person began. */
export const minRowsOf = (definition: ModelDefinition | undefined): number =>
  asked(definition).minRows;

function asked(definition: ModelDefinition | undefined) {
  const canary = definition?.deploy?.canary || {};
  const { steps = [], minRows = LEAST_ROWS } =
    "length" in canary ? { steps: canary, minRows: undefined } : canary;
  return { steps, minRows };
}
