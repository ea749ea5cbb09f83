import type { Program } from "../engine/programs.ts";
import { durationMs } from "../lib/duration.ts";
import type { Json } from "../lib/json.ts";
import type { Candidate } from "../training/training-spec.ts";

/** What a person writes under `train.commands`: any program that reads rows and writes an ONNX file. */
export interface CommandTrainer {
  /** Without a shell, in the project's folder: ["python", "train.py"]. */
  readonly run: readonly string[];
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

export const programOf = (command: CommandTrainer, folder: string): Program => ({
  ...{ command: command.run, folder, requirements: command.requirements },
  ...{ python: command.python, also: command.files },
});

export const timeoutOf = ({ timeout }: CommandTrainer): number =>
  (timeout === undefined ? undefined : durationMs(timeout)) ?? TIMEOUT_MS;
