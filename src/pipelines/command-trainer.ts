import type { Program } from "../engine/programs.ts";
import { durationMs } from "../lib/duration.ts";
import type { Json } from "../lib/json.ts";
import type { Candidate, TrainingSpec } from "../training/training-spec.ts";
import type { RemoteRun } from "./remote-run.ts";

/** What a person writes under `train.commands`: any program that reads rows and writes an ONNX file. */
export interface CommandTrainer {
  /**
   * Without a shell, in the project's folder: ["python", "train.py"]. Or elsewhere: `ray({…})`, `kubernetes({…})`, `process({…})`; only the
   * program's own files go with it (arguments that are files, `requirements`, `files`).
   */
  readonly run: readonly string[] | RemoteRun;
  /** A list for pip; `python` then is that of an environment made of it. */
  readonly requirements?: string;
  /** The interpreter the environment is made with; "python3" when left out. */
  readonly python?: string;
  /** Handed to the program as they are. */
  readonly params?: Readonly<Record<string, Json>>;
  /** "30m"; one hour when left out. For one fit. */
  readonly timeout?: string;
  /** Further files of the project that decide what it does: changing them is changing the code. */
  readonly files?: readonly string[];
}

/** In the place of a trainer's name. */
export const COMMAND = "command";
const TIMEOUT_MS = 3_600_000;

/** All that is needed to run it again: the `params` of its candidate, kept with every version. */
export interface CommandParams extends CommandTrainer {
  /** Digest of the program's files. */
  readonly sources: string;
}

export const isCommand = ({ trainer }: Pick<Candidate, "trainer">): boolean => trainer === COMMAND;

/** Commands come after all trainers: of two that are equally good, the one that this machine understands. */
export const commandCandidate = (name: string, params: CommandParams, rank: number): Candidate => ({
  id: name,
  trainer: COMMAND,
  params: { ...params },
  rank,
});

export const commandOf = ({ params }: Candidate): CommandParams =>
  params as unknown as CommandParams;

/** undefined: it runs on the worker's machine, in the step itself. */
export const remoteOf = ({ run }: CommandTrainer): RemoteRun | undefined =>
  "elsewhere" in run ? run : undefined;

export const isRemote = (candidate: Candidate): boolean =>
  isCommand(candidate) && remoteOf(commandOf(candidate)) !== undefined;

/** What people call it. */
export const labelOf = ({ run }: CommandTrainer): string =>
  "elsewhere" in run ? (run.entrypoint ?? run.command!.join(" ")) : run.join(" ");

/**
 * `file.py:function`, called with the path of the rows and the task. Gives back ONNX, or ONNX and numbers by name; in a pipeline's step also
 * numbers alone, or nothing.
 */
const CALL = `import importlib.util, json, os, sys
path, name = sys.argv[1:3]
sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
spec = importlib.util.spec_from_file_location(os.path.splitext(os.path.basename(path))[0], path)
module = importlib.util.module_from_spec(spec)
sys.modules[spec.name] = module
spec.loader.exec_module(module)
with open(os.environ["MILLWRIGHT_TASK"]) as file:
    task = json.load(file)
made = getattr(module, name)(os.environ["MILLWRIGHT_ROWS"], task)
model, metrics = made if isinstance(made, tuple) else (None, made or {}) if made is None or isinstance(made, dict) else (made, {})
if model is not None:
    with open(os.environ["MILLWRIGHT_MODEL"], "wb") as out:
        out.write(model if isinstance(model, bytes) else model.SerializeToString())
with open(os.environ["MILLWRIGHT_METRICS"], "w") as out:
    json.dump(metrics, out)`;

export function programOf(command: CommandTrainer, folder: string): Program {
  const { run, requirements, python, files } = command;
  const about = { folder, requirements, python, label: labelOf(command) };
  if (!("elsewhere" in run)) return { ...about, command: run, also: files };
  if (run.command !== undefined) return { ...about, command: run.command, also: files };
  const [file = "", name = ""] = run.entrypoint!.split(":");
  const called = ["python3", "-c", CALL, file, name];
  return { ...about, command: called, also: [file, ...(files ?? [])] };
}

/** What the program reads of its task. */
export const taskText = (
  { task, target, classes, columns, metric, seed }: TrainingSpec,
  { params = {} }: CommandTrainer,
  rows: number,
): string =>
  `${JSON.stringify({ task, target, classes, columns, metric, seed, rows, params }, undefined, 2)}\n`;

export const timeoutOf = ({ timeout }: CommandTrainer): number =>
  (timeout === undefined ? undefined : durationMs(timeout)) ?? TIMEOUT_MS;
