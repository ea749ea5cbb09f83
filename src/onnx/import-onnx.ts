import { cutMaps, type PlainValue } from "./cut-maps.ts";
import { SIGNATURE_KEY } from "./graph.ts";
import { type ModelFile, readModel, refuse } from "./model-file.ts";
import { knownTexts, leastWidths } from "./read-by.ts";
import { type RowForm, rowForm, sizes, typeOf } from "./row-form.ts";
import type { GraphOutput, Signature } from "./signature.ts";
import { refuseUnsupported } from "./support.ts";
import { type TaskWish, taskForm } from "./task-form.ts";
import { addedBehind, writeGraph, writeModel } from "./write-graph.ts";

export interface ImportOptions extends TaskWish {
  /** Names of the columns, in the order of the inputs. */
  readonly columns?: readonly string[] | undefined;
  /** Content of the files in which weights lie, by location; see `externalFiles`. */
  readonly external?: ReadonlyMap<string, Uint8Array> | undefined;
  /** What runs of the model have shown; see `pipelines/try-graph.ts`. Without: the file is believed. */
  readonly shown?: Shown | undefined;
}

export interface Shown {
  /** `free`: any number of rows, although the file says a fixed one. `whole`: rows cannot be told apart. */
  readonly batch: "as declared" | "free" | "whole";
  /** Shapes of outputs as they came, the axis of rows first unless `whole`; null = any. */
  readonly outputs?: Readonly<Record<string, readonly (number | null)[]>>;
  /** Outputs whose rows were probabilities: numbers from 0 to 1 that add up to 1. */
  readonly probabilities?: readonly string[];
}

export interface Imported {
  /** The file to store: its outputs are tensors, it refers to no other file and carries its signature. */
  readonly onnx: Uint8Array;
  readonly signature: Signature;
  /** What was changed or assumed, in words. */
  readonly notes: readonly string[];
  /** Of the file as it came. */
  readonly about: {
    readonly producer: string;
    readonly opsets: Readonly<Record<string, number>>;
    readonly irVersion: number;
    /** Texts that it knows, by input: to try it with. */
    readonly texts: ReadonlyMap<string, readonly string[]>;
  };
}

/** 2 GiB is the most that protobuf holds; half of it is more than a gateway keeps loaded. */
const MAX_BYTES = 1024 ** 3;

/**
 * Makes a foreign ONNX file one that can be served: maps at its edges are cut off, weights in other files put inside, and its
 * inputs and outputs written down as a signature in its metadata. Nodes are copied byte by byte.
 * Throws `invalid_model` in words that say what to do, `invalid_input` for options that do not fit.
 */
export function importOnnx(bytes: Uint8Array, options: ImportOptions = {}): Imported {
  if (bytes.length > MAX_BYTES) throw refuse("is larger than 1 GiB");
  const model = readModel(bytes);
  const plain = cutMaps(model.graph);
  refuseUnsupported(model, plain);
  const batch = options.shown?.batch ?? "as declared";
  const form = rowForm(plain.inputs, {
    ...{ names: options.columns, suggested: featureNames(model) },
    ...{ whole: batch === "whole", free: batch === "free" },
    least: leastWidths(model.graph),
  });
  const outputs = plain.outputs.map((output) => shaped(output, form, options.shown));
  const task = taskForm(model.graph, outputs, options, options.shown?.probabilities);
  const scored = outputs.find(({ name }) => name === task.scores);
  const added = scored && addedBehind(task, scored);
  const scores = added?.output.name ?? task.scores;
  const signature: Signature = {
    ...{ task: task.task, target: task.target, classes: task.classes, columns: form.columns },
    graph: {
      batch: form.batch,
      ...(form.rows ? {} : { whole: true }),
      inputs: form.inputs,
      outputs: outputs.map(bound),
      ...(scores === undefined ? {} : { scores }),
    },
  };
  const graph = writeGraph(model, { plain, outputs, form, added, external: options.external });
  return {
    onnx: writeModel(model, graph, { [SIGNATURE_KEY]: JSON.stringify(signature) }),
    signature,
    notes: [...plain.notes, ...task.notes],
    about: {
      producer: model.producer,
      opsets: Object.fromEntries([...model.opsets].map(([d, v]) => [d || "ai.onnx", v])),
      irVersion: model.irVersion,
      texts: knownTexts(model.graph),
    },
  };
}

const bound = (output: PlainValue): GraphOutput => ({
  ...{ name: output.name, type: typeOf(output), shape: sizes(output.shape) },
  ...(output.keys ? { keys: output.keys } : {}),
});

/** The output with the shape that counts: as runs have shown it, else as the file says, with the rows of the inputs. */
function shaped(output: PlainValue, form: RowForm, shown: Shown | undefined): PlainValue {
  const { shape: declared } = output;
  const shape = shown?.outputs?.[output.name] ?? (declared && sizes(declared));
  if (shape === undefined) return output;
  // No axis, although there are rows: older exporters write that when they do not know.
  if (form.rows && shape.length === 0) return { ...output, shape: undefined };
  const counts = form.rows ? [form.batch, ...shape.slice(1)] : shape;
  return { ...output, shape: counts.map((d) => d ?? "") };
}

/** Some exporters write the columns' names into the metadata, as a JSON list or separated by commas. */
function featureNames({ metadata }: ModelFile): string[] | undefined {
  const text = metadata.get("feature_names")?.trim();
  if (text === undefined) return undefined;
  try {
    const list: unknown = text.startsWith("[") ? JSON.parse(text) : text.split(",");
    return Array.isArray(list) && list.every((name) => typeof name === "string" && name !== "")
      ? list.map((name: string) => name.trim())
      : undefined;
  } catch {
    return undefined;
  }
}
