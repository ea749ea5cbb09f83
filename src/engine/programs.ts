import type { Abort } from "../lib/abort.ts";
import type { Digest } from "../lib/digest.ts";

/** Programs of other people, run on this machine as part of a step: a training in Python, say. */
export interface Programs {
  /**
   * Content of the files that decide what a program does: arguments that are files of the project, its requirements, and what else
   * is named. Throws `invalid_config` when requirements or one of `also` are not there.
   */
  sources(program: Program): Promise<Digest>;
  /** Those files, by their names in the folder, with their paths. */
  files(program: Program): Promise<readonly { readonly name: string; readonly path: string }[]>;
  /** What it would run with here: its environment, made first where it is not there yet, and all its variables. */
  prepared(
    program: Program,
    context: ProgramContext,
  ): Promise<{
    readonly variables: Readonly<Record<string, string | undefined>>;
    readonly about: ProgramAbout;
  }>;
  /** A folder of its own for one run. */
  workspace(): Promise<Workspace>;
  /**
   * Runs it to its end, in the project's folder and its environment, which is made first where it is not there yet: once per content of
   * its requirements. It never outlives this process, and all it has started ends with it. Throws `cancelled`,
   * `invalid_config` when the environment cannot be made or the time is over, and `invalid_model` when it fails, both with last words:
   * its author mends that, not a retry.
   */
  run(program: Program, request: ProgramRequest): Promise<ProgramAbout>;
}

export interface Program {
  /** Without a shell. `python` is that of the environment. */
  readonly command: readonly string[];
  /** The project's. */
  readonly folder: string;
  /** A list for pip, relative to the folder. Absent: it runs with what the machine has. */
  readonly requirements?: string | undefined;
  /** Makes the environment; `python3` when left out. */
  readonly python?: string | undefined;
  /** Further files, relative to the folder, that change what it does. */
  readonly also?: readonly string[] | undefined;
  /** What people call it; the command when left out. */
  readonly label?: string | undefined;
}

/** A pipeline's StepContext is one. */
export interface ProgramContext {
  readonly signal: Abort;
  progress(message: string): void;
}

export interface ProgramRequest extends ProgramContext {
  /** Beside those of this process, less what concerns only us. */
  readonly variables: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

/** What it ran with, for the record. */
export interface ProgramAbout {
  /** "Python 3.11.2"; undefined where there is no environment. */
  readonly interpreter?: string;
  /** `name==version`, sorted. */
  readonly packages: readonly string[];
}

export interface Workspace {
  readonly path: string;
  write(name: string, text: string): Promise<void>;
  /** undefined: it is not there. Throws `invalid_model` when it is larger than `most` bytes. */
  read(name: string, most: number): Promise<Uint8Array | undefined>;
  /** With all that is in it. */
  discard(): Promise<void>;
}
