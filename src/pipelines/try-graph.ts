import { MillwrightError } from "../errors.ts";
import {
  BOLDNESS,
  type ExampleOptions,
  exampleFeeds,
  rowsDiffer,
  sameNumbers,
} from "../onnx/example-feeds.ts";
import { type Imported, type ImportOptions, importOnnx } from "../onnx/import-onnx.ts";
import type { GraphBinding } from "../onnx/signature.ts";
import { MAX_VALUES, runtimeInWords } from "../onnx/support.ts";
import { type GraphTensors, joinRows, sliceRows } from "../onnx/tensor.ts";
import { runGraph } from "../runtime/run-graph.ts";
import type { Runtime, Session } from "../runtime/runtime.ts";

/** Sizes tried for dimensions that the graph leaves open: one token, a text, a small and a usual image. */
const OPEN = [1, 8, 32, 224];
/** Values of a row from which two rows are tried instead of eight. */
const LARGE = 50_000;

/**
 * Imports a file as `importOnnx` does, with what only running it can show: the shapes of its outputs, whether rows of one run
 * leave each other alone (then requests may share runs), and whether a graph exported for a fixed number of rows takes any.
 * Made-up values are run one row at a time and together, and compared. Throws `invalid_model` in words.
 */
export async function tryGraph(
  deps: { readonly runtime: Runtime },
  input: { readonly bytes: Uint8Array; readonly options: ImportOptions },
): Promise<Imported> {
  const imported = await tried(deps.runtime, input.bytes, input.options);
  const session = await opened(deps.runtime, imported);
  await session.close();
  return imported;
}

async function tried(
  runtime: Runtime,
  bytes: Uint8Array,
  options: ImportOptions,
): Promise<Imported> {
  const declared = importOnnx(bytes, options);
  const { batch, whole } = bindingOf(declared);
  const session = await opened(runtime, declared);
  const trial = await firstTrial(session, declared).finally(() => session.close());
  const probabilities = "error" in trial ? [] : probabilitiesOf(trial.outputs);
  const again = (shown: NonNullable<ImportOptions["shown"]>, note?: string): Imported => {
    const imported = importOnnx(bytes, { ...options, shown: { ...shown, probabilities } });
    return note === undefined ? imported : { ...imported, notes: [...imported.notes, note] };
  };
  if ("error" in trial)
    return again(
      { batch: "whole" },
      `it did not run on made-up values (${trial.error}): nothing is known of its rows, so every request is a run of its own`,
    );
  if (whole)
    return again(
      { batch: "whole", outputs: trial.shapes },
      "its inputs have no axis of rows in common: a row is one run, and a cell a whole input",
    );
  if (!trial.alone)
    return again(
      { batch: "whole" },
      "rows of one run change each other's answers: a row is one run, and a cell a whole input",
    );
  if (batch === null) return again({ batch: "as declared", outputs: trial.shapes });
  const many = batch === 1 ? "one row" : `${batch} rows`;
  const free = again(
    { batch: "free", outputs: trial.shapes },
    `it was exported for ${many} at a time, but takes any number (tried)`,
  );
  if (await takesAny(runtime, free, trial)) return free;
  return again(
    { batch: "as declared", outputs: trial.shapes },
    `it was exported for ${many} at a time, and is run so`,
  );
}

/** Outputs whose rows are numbers from 0 to 1 that add up to 1: nothing must be done to them. */
const probabilitiesOf = (outputs: GraphTensors): string[] =>
  Object.entries(outputs).flatMap(([name, { data, dims }]) => {
    const [rows = 0, width = 1] = dims;
    if (dims.length !== 2 || rows === 0 || width < 2 || typeof data[0] !== "number") return [];
    const values = Array.from(data as ArrayLike<number>);
    const fine = Array.from({ length: rows }, (_, i) => values.slice(i * width, (i + 1) * width));
    const one = (row: readonly number[]) =>
      row.every((v) => v >= 0 && v <= 1) && Math.abs(row.reduce((a, b) => a + b, 0) - 1) < 1e-3;
    return fine.every(one) ? [name] : [];
  });

const bindingOf = ({ signature }: Imported): GraphBinding => signature.graph!;

type Values = Omit<ExampleOptions, "rows">;

interface Trial {
  readonly values: Values;
  readonly rows: readonly number[];
  readonly outputs: GraphTensors;
  /** Rows of one run leave each other alone, as far as can be seen. */
  readonly alone: boolean;
  readonly shapes: Readonly<Record<string, readonly (number | null)[]>>;
}

/** With the boldest values that the graph takes. */
async function firstTrial(
  session: Session,
  imported: Imported,
): Promise<Trial | { readonly error: string }> {
  const binding = bindingOf(imported);
  let error = "";
  for (const open of isOpen(binding) ? OPEN : [1])
    for (const boldness of BOLDNESS)
      try {
        return await trialOf(session, binding, { open, boldness, texts: imported.about.texts });
      } catch (thrown) {
        error ||= thrown instanceof Error ? thrown.message : String(thrown);
      }
  return { error };
}

const isOpen = (binding: GraphBinding): boolean =>
  binding.inputs.some(({ shape }) => ofOneRow(binding, shape).includes(null));

const ofOneRow = <T>({ whole }: GraphBinding, shape: readonly T[]): readonly T[] =>
  whole ? shape : shape.slice(1);

async function trialOf(session: Session, binding: GraphBinding, values: Values): Promise<Trial> {
  const size = binding.inputs.reduce(
    (sum, { shape }) =>
      sum + ofOneRow(binding, shape).reduce<number>((n, d) => n * (d ?? values.open), 1),
    0,
  );
  // No request could hold such a row, nor this process eight of them.
  if (size > MAX_VALUES) throw new Error(`a row of ${size} values is too large to be tried`);
  const rows = binding.whole ? [0] : size > LARGE ? [0, 1] : [0, 1, 2, 3, 4, 5, 6, 7];
  const outputs = await runRows(session, binding, rows, values);
  const shapes = Object.fromEntries(
    binding.outputs.map(({ name, shape }) => {
      const [, ...rest] = outputs[name]!.dims;
      const seen = binding.whole ? rest : [binding.batch, ...rest];
      const told = shape.length === seen.length;
      return [name, isOpen(binding) ? (told ? shape : seen.map(() => null)) : seen];
    }),
  );
  if (binding.whole || binding.batch === 1) return { values, rows, outputs, shapes, alone: true };
  const singly: GraphTensors[] = [];
  for (const row of rows) singly.push(await runRows(session, binding, [row], values));
  const joined = Object.fromEntries(
    Object.keys(outputs).map((name) => [name, joinRows(singly.map((one) => one[name]!))]),
  );
  return { values, rows, outputs, shapes, alone: sameNumbers(joined, outputs) };
}

/** Does a graph whose rows were set free load, and say the same? Where all rows get the same answer, that would show nothing. */
async function takesAny(runtime: Runtime, free: Imported, trial: Trial): Promise<boolean> {
  if (!rowsDiffer(trial.outputs)) return false;
  let session: Session | undefined;
  try {
    session = await runtime.load(free.onnx);
    const outputs = await runRows(session, bindingOf(free), trial.rows, trial.values);
    const turned = [...trial.rows].reverse();
    const backwards = await runRows(session, bindingOf(free), turned, trial.values);
    return sameNumbers(trial.outputs, outputs) && sameNumbers(reversed(outputs), backwards);
  } catch {
    return false;
  } finally {
    await session?.close();
  }
}

const reversed = (outputs: GraphTensors): GraphTensors =>
  Object.fromEntries(
    Object.entries(outputs).map(([name, tensor]) => {
      const rows = Array.from({ length: tensor.dims[0]! }, (_, i) => sliceRows(tensor, i, i + 1));
      return [name, joinRows(rows.reverse())];
    }),
  );

async function runRows(
  session: Session,
  binding: GraphBinding,
  rows: readonly number[],
  values: Values,
): Promise<GraphTensors> {
  return runGraph(session, binding, exampleFeeds(binding, { ...values, rows }), rows.length);
}

async function opened(runtime: Runtime, { onnx, about }: Imported): Promise<Session> {
  try {
    return await runtime.load(onnx);
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new MillwrightError("invalid_model", runtimeInWords(said, about), { cause });
  }
}
