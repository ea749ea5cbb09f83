import type * as Ort from "onnxruntime-web";
import { MillwrightError } from "../errors.ts";
import { type Digest, digestOf } from "../lib/digest.ts";
import { type Pack, packInputs } from "../onnx/pack-inputs.ts";
import { packTrees } from "../onnx/pack-trees.ts";
import { splitWeights, type Weight } from "../onnx/split-weights.ts";
import type { Runtime, Session, TensorData, TensorSpec } from "./runtime.ts";
import { sharedByKey } from "./shared-by-key.ts";

/** The two packages export the same interface; only what is used here. */
type Library = Pick<typeof Ort, "InferenceSession" | "Tensor" | "env">;
type Flavour = "native" | "wasm";

const TYPES = new Set<string>([
  ...(["float32", "float64", "float16", "bool", "string"] satisfies TensorData["type"][]),
  ...(["int8", "int16", "int32", "int64"] satisfies TensorData["type"][]),
  ...(["uint8", "uint16", "uint32", "uint64"] satisfies TensorData["type"][]),
]);

/**
 * ONNX Runtime: the native library, or its WebAssembly build (slower on dense batches, runs everywhere Node does) where the
 * native one cannot be loaded. One thread per session: with more, a busy machine gets 3-4 times slower; scale by processes.
 *
 * @param flavour forces one of the two; default: native first.
 */
export async function onnxRuntime(
  flavour: Flavour | undefined = flavourOf(process.env.MILLWRIGHT_RUNTIME),
): Promise<Runtime> {
  if (flavour !== "wasm") {
    try {
      const module = await import("onnxruntime-node");
      const library: Library = module.InferenceSession ? module : module.default;
      return runtime(library, "onnxruntime-node", "cpu");
    } catch (cause) {
      if (flavour === "native")
        throw new MillwrightError(
          "unavailable",
          "onnxruntime-node cannot be loaded on this machine: reinstall it, or unset MILLWRIGHT_RUNTIME to use the WebAssembly build",
          { cause },
        );
    }
  }
  const library = await import("onnxruntime-web");
  library.env.wasm.numThreads = 1;
  return runtime(library, "onnxruntime-web", "wasm");
}

function flavourOf(setting: string | undefined): Flavour | undefined {
  if (setting === undefined || setting === "") return undefined;
  if (setting === "native" || setting === "wasm") return setting;
  throw new MillwrightError(
    "invalid_config",
    `MILLWRIGHT_RUNTIME is '${setting}': use 'native' or 'wasm', or leave it unset`,
  );
}

function runtime(library: Library, name: string, provider: string): Runtime {
  library.env.logLevel = "fatal";
  const version = library.env.versions.web ?? library.env.versions.node ?? "";
  const open = async (model: Uint8Array): Promise<Opened> => {
    const { bytes, packs } = packInputs(packTrees(model));
    const inner = await library.InferenceSession.create(unshared(bytes), {
      executionProviders: [provider],
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      logSeverityLevel: 4,
    });
    return { inner, packs };
  };
  const graphs = sharedByKey<Digest, Opened>(({ inner }) => inner.release());
  return {
    name: `${name} ${version}`.trim(),
    async load(model, { siblings = false } = {}) {
      try {
        const split = siblings ? splitWeights(model) : undefined;
        if (split === undefined) {
          const opened = await open(model);
          return session(library, { ...opened, weights: [], close: () => opened.inner.release() });
        }
        const { graph, weights } = split;
        const { value, release } = await graphs.take(digestOf(graph), () => open(graph));
        return session(library, { ...value, weights, close: release });
      } catch (cause) {
        if (cause instanceof MillwrightError) throw cause;
        throw new MillwrightError(
          "invalid_model",
          `the file is no ONNX model this runtime can load: ${inWords(cause)}`,
          { cause },
        );
      }
    },
  };
}

interface Opened {
  readonly inner: Ort.InferenceSession;
  readonly packs: readonly Pack[];
}

function session(
  library: Library,
  {
    inner,
    packs,
    weights,
    close,
  }: Opened & { readonly weights: readonly Weight[]; close(): Promise<void> },
): Session {
  const given = Object.fromEntries(
    weights.map(({ name, dims, data }) => [name, new library.Tensor("float32", data, dims)]),
  );
  const inputs = inner.inputMetadata.flatMap((input): TensorSpec[] => {
    if (input.name in given) return [];
    const pack = packs.find(({ name }) => name === input.name);
    if (pack !== undefined)
      return pack.inputs.map((name) => ({ name, type: pack.type, shape: [null, 1] }));
    const spec = specOf(input);
    if (spec === undefined)
      throw new MillwrightError(
        "invalid_model",
        `input '${input.name}' is ${input.isTensor ? `a ${input.type} tensor` : "no tensor (a map or sequence)"}: export the model with inputs of type ${[...TYPES].join(", ")}`,
      );
    return [spec];
  });
  // Maps and sequences (ZipMap) cannot be fetched by the Node binding: fetch the tensors only.
  const outputs = inner.outputMetadata
    .map(specOf)
    .filter((spec): spec is TensorSpec => spec !== undefined);
  if (outputs.length === 0)
    throw new MillwrightError(
      "invalid_model",
      `no output is a tensor (${inner.outputNames.join(", ")}): export scikit-learn models with zipmap=False`,
    );
  const fetches = outputs.map((output) => output.name);
  const asPacked = packedSpecs(inputs, packs);
  return {
    packs,
    inputs,
    outputs,
    async run(feeds) {
      const joined = packs.length > 0 && packs[0]!.name in feeds;
      checkFeeds(joined ? asPacked : inputs, feeds);
      const tensors = joined
        ? toTensors(library, asPacked, [], feeds)
        : toTensors(library, inputs, packs, feeds);
      try {
        const result = await inner.run({ ...tensors, ...given }, fetches);
        return Object.fromEntries(fetches.map((name) => [name, fromTensor(result[name]!)]));
      } catch (cause) {
        throw new MillwrightError(
          "invalid_input",
          `the model refused its input: ${inWords(cause)}`,
          {
            cause,
          },
        );
      }
    },
    close,
    ...(weights.length > 0 ? { sharesGraph: true } : {}),
  };
}

function specOf(metadata: Ort.InferenceSession.ValueMetadata): TensorSpec | undefined {
  if (!metadata.isTensor || !TYPES.has(metadata.type)) return undefined;
  return {
    name: metadata.name,
    type: metadata.type as TensorData["type"],
    // The WebAssembly build says 2^32 - 1 for a dimension without a name.
    shape: metadata.shape.map((d) =>
      typeof d === "number" && d >= 0 && d < 2 ** 32 - 1 ? d : null,
    ),
  };
}

/** What the file takes, its packs as they are. */
const packedSpecs = (inputs: readonly TensorSpec[], packs: readonly Pack[]): TensorSpec[] => [
  ...packs.map(({ name, type, inputs: { length } }) => ({ name, type, shape: [null, length] })),
  ...inputs.filter(({ name }) => !packs.some((pack) => pack.inputs.includes(name))),
];

/** Throws `invalid_input` naming the input. */
function checkFeeds(
  inputs: readonly TensorSpec[],
  feeds: Readonly<Record<string, TensorData>>,
): void {
  const refuse = (what: string): never => {
    throw new MillwrightError("invalid_input", what);
  };
  let known = 0;
  for (const { name, type, shape } of inputs) {
    const feed = feeds[name] ?? refuse(`input '${name}' is missing: the model needs it as ${type}`);
    known++;
    if (feed.type !== type) refuse(`input '${name}' is ${feed.type}: the model needs ${type}`);
    let size = 1;
    let fits = shape.length === 0 || shape.length === feed.dims.length;
    for (let i = 0; i < feed.dims.length; i++) {
      size *= feed.dims[i]!;
      const wanted = shape[i];
      if (typeof wanted === "number" && wanted !== feed.dims[i]) fits = false;
    }
    if (size !== feed.data.length)
      refuse(
        `input '${name}' has shape [${feed.dims}] (${size} values) but ${feed.data.length} values`,
      );
    if (!fits)
      refuse(
        `input '${name}' has shape [${feed.dims}]: the model needs [${shape.map((d) => d ?? "any")}]`,
      );
  }
  const names = Object.keys(feeds);
  if (names.length === known) return;
  const unknown = names.find((name) => !inputs.some((input) => input.name === name));
  refuse(
    `input '${unknown}' is unknown: the model takes ${inputs.map((input) => input.name).join(", ")}`,
  );
}

function toTensors(
  library: Library,
  inputs: readonly TensorSpec[],
  packs: readonly Pack[],
  feeds: Readonly<Record<string, TensorData>>,
): Record<string, Ort.Tensor> {
  const tensors: Record<string, Ort.Tensor> = {};
  const packed = new Set(packs.flatMap((pack) => pack.inputs));
  for (const { name, type } of inputs) {
    if (packed.has(name)) continue;
    const feed = feeds[name]!;
    const data = feed.type === "string" ? feed.data : unshared(feed.data);
    tensors[name] = new library.Tensor(
      type,
      (type === "float16" ? halves(data) : data) as never,
      feed.dims,
    );
  }
  for (const pack of packs) tensors[pack.name] = packedTensor(library, pack, feeds);
  return tensors;
}

/** Columns side by side, row after row. */
function packedTensor(
  library: Library,
  { type, inputs }: Pack,
  feeds: Readonly<Record<string, TensorData>>,
): Ort.Tensor {
  const width = inputs.length;
  const rows = feeds[inputs[0]!]!.data.length;
  const data =
    type === "float32" ? new Float32Array(rows * width) : new Array<string>(rows * width);
  for (let j = 0; j < width; j++) {
    const column = feeds[inputs[j]!]!.data;
    if (column.length !== rows)
      throw new MillwrightError(
        "invalid_input",
        `input '${inputs[j]}' has ${column.length} rows: input '${inputs[0]}' has ${rows}`,
      );
    for (let i = 0, at = j; i < rows; i++, at += width) data[at] = column[i] as never;
  }
  return new library.Tensor(type, data as never, [rows, width]);
}

function fromTensor({ type, dims, data }: Ort.Tensor): TensorData {
  const bits = type === "float16" && !(data instanceof Uint16Array);
  const view = data as unknown as Float32Array;
  const held = bits ? new Uint16Array(view.buffer, view.byteOffset, view.length) : data;
  return { type, dims, data: held } as TensorData;
}

/** float16 is held as its bits; hosts that have Float16Array (Node 24) want that. */
function halves(data: unknown): unknown {
  const { Float16Array: Half } = globalThis as { Float16Array?: typeof Uint16Array };
  const bits = data as Uint16Array;
  return Half === undefined
    ? bits
    : new Half(bits.buffer as ArrayBuffer, bits.byteOffset, bits.length);
}

/** ONNX Runtime does not take memory shared between threads. */
function unshared<T extends Exclude<TensorData["data"], readonly string[]>>(data: T): T {
  return data.buffer instanceof SharedArrayBuffer ? (data.slice() as T) : data;
}

const inWords = (cause: unknown): string =>
  (cause instanceof Error ? cause.message : String(cause)).split("\n")[0]!.slice(0, 400);
