import { graph } from "../onnx/graph.ts";
import { outputName, type Signature } from "../onnx/signature.ts";
import type { FittedCandidate } from "./candidate.ts";
import type { TrainingSpec } from "./training-spec.ts";

/**
 * One ONNX file with the feature pipeline and the model. Output `probability` float32 [N,K] (binary: K = 2) or `value`
 * float32 [N,1]. Equal fits give equal bytes.
 */
export function exportOnnx(
  spec: TrainingSpec,
  fitted: FittedCandidate,
): { readonly onnx: Uint8Array; readonly signature: Signature } {
  const g = graph();
  const emitted = fitted.encoder.emit(g);
  const scores = fitted.model.emit(g, emitted);
  const classes = spec.task === "regression" ? [] : spec.classes;
  const output = outputName({ task: spec.task, columns: fitted.encoder.columns });
  g.node("Identity", [scores], {}, { outputs: [output] });
  g.output(output, "float32", ["N", Math.max(1, classes.length)]);
  const signature: Signature = {
    task: spec.task,
    target: spec.target,
    classes,
    columns: fitted.encoder.columns,
  };
  return { onnx: g.encode(signature), signature };
}
