import type { Command as Program } from "commander";
import type { App } from "../app.ts";
import type { Config } from "../config.ts";
import type { Log } from "../lib/log.ts";
import type { Platform } from "../pipelines/platform.ts";
import type { Terminal } from "./terminal.ts";

/** What commands get from main.ts. */
export interface CliContext {
  /** Path of the running dist/main.js: what supervisors fork. */
  readonly entry: string;
  /** For the project folder given with `--project` (default: the working folder). */
  config(options: GlobalOptions): Config;
  terminal(options: GlobalOptions): Terminal;
  /**
   * Database (embedded unless DATABASE_URL), migrations, engine. `work: "if-needed"` executes runs in this process when no worker
   * of `millwright up` is alive. Always close.
   */
  open(options: GlobalOptions, work: "yes" | "no" | "if-needed", log?: Log): Promise<OpenPlatform>;
  /** Lines on stderr; for a long-running part, JSON lines on stdout under its name. */
  log(options: GlobalOptions, part?: string): Log;
}

export interface OpenPlatform {
  readonly platform: Platform;
  readonly app: App;
  close: App["close"];
}

/** Options every command has. */
export interface GlobalOptions {
  readonly project?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/**
 * One command: adds itself to the program. Actions return normally (exit 0), or throw a MillwrightError, which main.ts prints
 * with its code (exit 1; wrong usage exits 2).
 */
export type CommandOf = (program: Program, context: CliContext) => void;
