import type { Scores } from "../lib/task.ts";
import type { Signature } from "../onnx/signature.ts";

/** What a model is asked. A Signature is one. */
export type Question = Pick<Signature, "task" | "target" | "classes">;

/** Whether two models can be compared on the same rows: numbers of the same target, or at least one class in common. */
export function comparable(a: Question, b: Question): boolean {
  if (a.target !== b.target) return false;
  if (a.task === "regression" || b.task === "regression") return a.task === b.task;
  return a.classes.some((name) => b.classes.includes(name));
}

/**
 * Scores of a model in the words of another question: classes by their names, in that question's order. Classes change between
 * versions (a third one appears, the rarer of two is now the other one), and a probability of one class read as that of the
 * other would turn a verdict round. A class the model does not know has probability 0; the known ones are made to sum to 1.
 * undefined when the two cannot be compared.
 */
export function alignScores(scores: Scores, from: Question, to: Question): Scores | undefined {
  if (!comparable(from, to)) return undefined;
  const same =
    from.task === to.task &&
    from.classes.length === to.classes.length &&
    from.classes.every((name, k) => name === to.classes[k]);
  if (same) return scores;
  const places = to.classes.map((name) => from.classes.indexOf(name));
  const width = to.task === "binary" ? 1 : places.length;
  const values = new Float64Array(scores.rows * width);
  for (let i = 0; i < scores.rows; i++) {
    const shares = places.map((k) => (k < 0 ? 0 : classShare(scores, from, i, k)));
    const sum = shares.reduce((a, b) => a + b, 0);
    const share = (k: number) => (sum > 0 ? shares[k]! / sum : 1 / shares.length);
    if (to.task === "binary") values[i] = share(1);
    else for (let k = 0; k < width; k++) values[i * width + k] = share(k);
  }
  return { rows: scores.rows, width, values };
}

function classShare({ values, width }: Scores, { task }: Question, row: number, k: number): number {
  if (task !== "binary") return values[row * width + k]!;
  return k === 1 ? values[row]! : 1 - values[row]!;
}
