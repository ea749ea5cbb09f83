import { MillwrightError } from "../errors.ts";
import type { Task } from "../lib/task.ts";
import type { PlainValue } from "./cut-maps.ts";
import type { GraphFile } from "./graph-file.ts";
import { listOf, type NodeFile } from "./node-file.ts";
import { ELEMENT_OF } from "./tensor.ts";

/** What the person who imports says about the outputs; everything may be left out. */
export interface TaskWish {
  readonly task?: Task | "tensors" | undefined;
  /** Names of the classes in the order of the scores. */
  readonly classes?: readonly string[] | undefined;
  /** The class whose probability a binary model's `probability` is; the second when left out. */
  readonly positive?: string | undefined;
  readonly target?: string | undefined;
}

/** What the outputs say. */
export interface TaskForm {
  readonly task: Task | "tensors";
  readonly target: string;
  readonly classes: readonly string[];
  readonly scores?: string;
  /** What must be computed of `scores` first. */
  readonly then?: "softmax" | "exp" | undefined;
  /** Probabilities of [positive, negative]: to be turned around. */
  readonly turned?: boolean;
  readonly notes: readonly string[];
}

/**
 * Which output holds the scores and what they are: a label and scores, a list of maps, the end of a Softmax, one number. What
 * cannot be told so is `tensors`, unless the person says it. `probabilities`: outputs that runs have shown to be such. Throws `invalid_input` for a wish that the outputs cannot fulfil.
 */
export function taskForm(
  graph: GraphFile,
  outputs: readonly PlainValue[],
  wish: TaskWish,
  probabilities: readonly string[] = [],
): TaskForm {
  const made = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node])));
  const end = (name: string): NodeFile | undefined => endOf(made, name);
  const label = outputs.find(isLabel);
  const scores = scoresOf(outputs, label);
  const target = wish.target ?? label?.name ?? scores?.name ?? outputs[0]!.name;
  const asTensors: TaskForm = { task: "tensors", target, classes: [], notes: [] };
  if (wish.task === "tensors") return asTensors;
  if (scores === undefined) {
    if (wish.task !== undefined || wish.classes !== undefined)
      throw new MillwrightError(
        "invalid_input",
        `The model has no output of floats with one row of scores per row (${outputs.map(({ name }) => name).join(", ")}): it can only be served as tensors.`,
      );
    return asTensors;
  }
  const op = end(scores.name)?.op;
  const known = classesOf(scores, label && end(label.name)) ?? wish.classes;
  const width = widthOf(scores) ?? known?.length;
  const task = wish.task ?? told({ width, op, label, wish, keys: scores.keys });
  if (task === "tensors" || width === undefined) return asTensors;
  if (task === "regression") {
    if (width !== 1)
      throw new MillwrightError(
        "invalid_input",
        `Output '${scores.name}' has ${width} values a row: a regression has one.`,
      );
    return { task, target, classes: [], scores: scores.name, notes: [] };
  }
  const classes = wish.classes ?? known ?? numbered(width === 1 ? 2 : width);
  const wanted = task === "binary" ? 2 : width;
  if (
    classes.length !== wanted ||
    (task === "binary" && width > 2) ||
    (task === "multiclass" && width < 2)
  )
    throw new MillwrightError(
      "invalid_input",
      `Output '${scores.name}' has ${width} values a row, which does not fit ${task} with the ${classes.length} classes ${classes.slice(0, 10).join(", ")}.`,
    );
  const turned = task === "binary" && wish.positive !== undefined && wish.positive === classes[0];
  if (wish.positive !== undefined && !(task === "binary" && classes.includes(wish.positive)))
    throw new MillwrightError(
      "invalid_input",
      `--positive ${wish.positive} is none of the two classes of a binary model (${classes.slice(0, 10).join(", ")}).`,
    );
  const then = probabilities.includes(scores.name)
    ? undefined
    : normaliser(op, width, scores, label);
  return {
    ...{ task, target, scores: scores.name, then, turned },
    classes: turned ? [...classes].reverse() : classes,
    notes:
      then === undefined
        ? []
        : [
            `output '${scores.name}' holds ${then === "exp" ? "logarithms of probabilities" : "scores that are no probabilities"}: probabilities are their ${then === "exp" ? "exponential" : "softmax"}`,
          ],
  };
}

/** int64 or string, one a row. */
const isLabel = ({ element, shape, keys }: PlainValue): boolean =>
  keys === undefined &&
  (element === ELEMENT_OF.int64 || element === ELEMENT_OF.string) &&
  shape !== undefined &&
  (shape.length === 1 || (shape.length === 2 && shape[1] === 1));

const FLOATS: ReadonlySet<number> = new Set([
  ELEMENT_OF.float32,
  ELEMENT_OF.float64,
  ELEMENT_OF.float16,
]);

/** The list of maps; else the float output beside a label; else the only output. */
function scoresOf(
  outputs: readonly PlainValue[],
  label: PlainValue | undefined,
): PlainValue | undefined {
  const keyed = outputs.find(({ keys }) => keys !== undefined);
  if (keyed) return keyed;
  const others = outputs.filter((output) => output !== label);
  const floats = others.filter(
    ({ element, shape }) => FLOATS.has(element) && shape !== undefined && shape.length > 0,
  );
  return others.length === 1 ? floats[0] : undefined;
}

/** Scores a row; undefined: not said. Axes of size 1 behind do not count. */
function widthOf({ shape = [], keys }: PlainValue): number | undefined {
  if (keys) return keys.length;
  const [width = 1, ...more] = shape.slice(1);
  return typeof width === "number" && more.every((d) => d === 1) ? width : undefined;
}

function classesOf(scores: PlainValue, labelled: NodeFile | undefined): string[] | undefined {
  const keys =
    scores.keys ??
    (labelled &&
      ["classlabels_strings", "classlabels_int64s", "classlabels_ints"]
        .map((attribute) => listOf(labelled, attribute))
        .find((list) => list !== undefined));
  return keys?.map(String);
}

function told(seen: {
  readonly width: number | undefined;
  readonly op: string | undefined;
  readonly label: PlainValue | undefined;
  readonly wish: TaskWish;
  readonly keys: PlainValue["keys"];
}): Task | "tensors" {
  const { width, op, label, wish, keys } = seen;
  const classes: Task = width === 1 || width === 2 ? "binary" : "multiclass";
  if (width === undefined) return "tensors";
  if (wish.classes || (keys && width > 1) || (label && width > 1)) return classes;
  if (op === "Sigmoid" && width === 1) return "binary";
  if (width > 1 && (op === "Softmax" || op === "LogSoftmax")) return classes;
  return width === 1 && label === undefined ? "regression" : "tensors";
}

/** What makes probabilities of the scores, when they are none. Trees and linear classifiers beside a label say probabilities. */
function normaliser(
  op: string | undefined,
  width: number,
  scores: PlainValue,
  label: PlainValue | undefined,
): TaskForm["then"] {
  if (op === "LogSoftmax") return "exp";
  const fine = width === 1 || op === "Softmax" || label !== undefined || scores.keys !== undefined;
  return fine ? undefined : "softmax";
}

const numbered = (count: number): string[] => Array.from({ length: count }, (_, k) => String(k));

/** The node that computes the value, behind nodes that only pass it on. */
function endOf(made: ReadonlyMap<string, NodeFile>, name: string): NodeFile | undefined {
  let node = made.get(name);
  for (let steps = 0; steps < 20 && node; steps++) {
    if (!["Identity", "Cast", "Reshape", "Squeeze", "ZipMap"].includes(node.op)) return node;
    node = made.get(node.inputs[0] ?? "");
  }
  return node;
}
