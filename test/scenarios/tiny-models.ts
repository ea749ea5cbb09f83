import { graph } from "../../src/onnx/graph.ts";
import type { Signature } from "../../src/onnx/signature.ts";

/** A mail classifier small enough to compute by hand: see `mailProbability`. */
export const MAIL: Signature = {
  task: "binary",
  target: "phishing",
  classes: ["no", "yes"],
  columns: [
    { name: "amount", role: "numeric" },
    { name: "domain", role: "category" },
    { name: "received_at", role: "time" },
    {
      name: "subject",
      role: "text",
      text: { words: { min: 1, max: 1 }, characters: null, vocabulary: ["invoice", "hello"] },
    },
  ],
};

const WORDS = [0, 2, -2];

/**
 * p = sigmoid(bias + amount / 100 + (1 when the domain is evil.example) + 2 per "invoice" − 2 per "hello"). Missing: 0.
 * `bias` makes versions that differ.
 */
export function mailModel(bias: number): Uint8Array {
  const g = graph();
  const amount = g.input("amount", "float32", ["N", 1]);
  const domain = g.input("domain", "string", ["N", 1]);
  const received = g.input("received_at", "float64", ["N", 1]);
  const ids = g.input("subject#ids", "int64", ["N", "L"]);
  const counts = g.input("subject#counts", "float32", ["N", "L"]);
  const zero = g.constant("float32", [1], [0]);
  const known = g.node("Where", [g.node("IsNaN", [amount]), zero, amount]);
  const scaled = g.node("Mul", [known, g.constant("float32", [1], [0.01])]);
  const evil = g.node(
    "LabelEncoder",
    [domain],
    {
      keys_strings: { strings: ["evil.example"] },
      values_floats: { floats: [1] },
      default_float: { float: 0 },
    },
    { domain: "ai.onnx.ml" },
  );
  const weights = g.constant("float32", [WORDS.length], WORDS);
  const weighted = g.node("Mul", [g.node("Gather", [weights, ids]), counts]);
  const words = g.node("ReduceSum", [weighted, g.constant("int64", [1], [1])], { keepdims: 1 });
  // The time is taken and has no weight: the graph must use every input.
  const none = g.node("Mul", [
    g.node("Cast", [g.node("IsNaN", [received])], { to: 1 }),
    g.constant("float32", [1], [0]),
  ]);
  const sum = g.node("Sum", [scaled, evil, words, none, g.constant("float32", [1, 1], [bias])]);
  const yes = g.node("Sigmoid", [sum]);
  const no = g.node("Sub", [g.constant("float32", [1], [1]), yes]);
  g.node("Concat", [no, yes], { axis: 1 }, { outputs: ["probability"] });
  g.output("probability", "float32", ["N", 2]);
  return g.encode(MAIL);
}

export type Mail = {
  readonly amount?: number | null;
  readonly domain?: string | null;
  readonly received_at?: string | number | null;
  readonly subject?: string | null;
};

/** What `mailModel(bias)` says, computed here. */
export function mailProbability(bias: number, mail: Mail): number {
  const words = (mail.subject ?? "").toLowerCase().split(/\W+/);
  const count = (word: string) => words.filter((w) => w === word).length;
  const z =
    bias +
    (mail.amount ?? 0) / 100 +
    (mail.domain === "evil.example" ? 1 : 0) +
    2 * count("invoice") -
    2 * count("hello");
  return 1 / (1 + Math.exp(-z));
}

/** value = 3 × x + 1. */
export const LINE: Signature = {
  task: "regression",
  target: "y",
  classes: [],
  columns: [{ name: "x", role: "numeric" }],
};

export function lineModel(): Uint8Array {
  const g = graph();
  const x = g.input("x", "float32", ["N", 1]);
  const scaled = g.node("Mul", [x, g.constant("float32", [1], [3])]);
  g.node("Add", [scaled, g.constant("float32", [1], [1])], {}, { outputs: ["value"] });
  g.output("value", "float32", ["N", 1]);
  return g.encode(LINE);
}

/** Three classes, equally likely but for x: class k has logit k × x. */
export const THREE: Signature = {
  task: "multiclass",
  target: "kind",
  classes: ["a", "b", "c"],
  columns: [{ name: "x", role: "numeric" }],
};

export function threeModel(): Uint8Array {
  const g = graph();
  const x = g.input("x", "float32", ["N", 1]);
  const logits = g.node("Mul", [x, g.constant("float32", [1, 3], [0, 1, 2])]);
  g.node("Softmax", [logits], { axis: 1 }, { outputs: ["probability"] });
  g.output("probability", "float32", ["N", 3]);
  return g.encode(THREE);
}

/** Beyond what a number holds exactly: 2^53 + 1. */
export const BIG_ID = "9007199254740993";

/** value = 1 for the id 2^53 + 1, else 0: an integer that loses its last bit is another id. */
export function idModel(): Uint8Array {
  const g = graph();
  const id = g.input("id", "string", ["N", 1]);
  const known = g.node(
    "LabelEncoder",
    [id],
    {
      keys_strings: { strings: [BIG_ID] },
      values_floats: { floats: [1] },
      default_float: { float: 0 },
    },
    { domain: "ai.onnx.ml" },
  );
  g.node("Add", [known, g.constant("float32", [1], [0])], {}, { outputs: ["value"] });
  g.output("value", "float32", ["N", 1]);
  return g.encode({
    ...{ task: "regression", target: "y", classes: [] },
    columns: [{ name: "id", role: "category" }],
  });
}
