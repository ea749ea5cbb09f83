import { MillwrightError } from "../errors.ts";
import type { InferRequest, Tensor } from "./inference.ts";
import { classified } from "./open-inference/classification.ts";

/** The outputs a request asks for, in its order; all when it names none. Throws `invalid_input` for one that is not there. */
export function wantedOutputs(
  wanted: InferRequest["outputs"],
  all: readonly Tensor[],
  classes: readonly string[],
): readonly Tensor[] {
  if (wanted.length === 0) return all;
  return wanted.map(({ name, parameters: { classification } }) => {
    const found = all.find((output) => output.name === name);
    if (found !== undefined)
      return classification === undefined ? found : classified(found, classification, classes);
    throw new MillwrightError(
      "invalid_input",
      `outputs: there is no ${JSON.stringify(name)}; there are ${all.map((o) => o.name).join(", ")}`,
    );
  });
}
