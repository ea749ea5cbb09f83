import pc from "picocolors";

/** Where commands write. Results go to stdout, progress and notes to stderr, so that `--json` output can be piped. */
export interface Terminal {
  readonly json: boolean;
  /** A line of the result (not printed with --json). */
  say(line?: string): void;
  /** The whole result for --json; printed once, at the end. */
  result(value: unknown): void;
  /** A remark beside the result. */
  note(line: string): void;
  /** Replaces the progress line on a terminal; prints changed messages, one a line, elsewhere. */
  progress(message: string, fraction?: number): void;
  done(): void;
}

export function terminal(options: { json: boolean; quiet?: boolean }): Terminal {
  const live = process.stderr.isTTY === true && !options.json && !options.quiet;
  let last = "";
  let shown = false;
  const clear = () => {
    if (shown) process.stderr.write("\r\x1b[2K");
    shown = false;
  };
  return {
    json: options.json,
    say(line = "") {
      clear();
      if (!options.json) process.stdout.write(`${line}\n`);
    },
    result(value) {
      clear();
      if (options.json) process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
    },
    note(line) {
      clear();
      if (!options.quiet) process.stderr.write(`${line}\n`);
    },
    progress(message, fraction) {
      if (options.quiet || options.json) return;
      if (live) {
        const bar = fraction === undefined ? "" : `${meter(fraction, 20)} `;
        process.stderr.write(
          `\r\x1b[2K${pc.cyan("›")} ${bar}${message}`.slice(
            0,
            (process.stderr.columns ?? 100) + 12,
          ),
        );
        shown = true;
      } else if (message !== last) process.stderr.write(`› ${message}\n`);
      last = message;
    },
    done: clear,
  };
}

/** A bar of `width` characters for a share in 0..1. */
export function meter(share: number, width: number): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * width);
  return `${"█".repeat(full)}${pc.dim("░".repeat(width - full))}`;
}

/** One character a value, lowest to highest; NaN is a gap. */
export function sparkline(values: readonly number[]): string {
  const known = values.filter(Number.isFinite);
  const low = Math.min(...known);
  const span = Math.max(...known) - low || 1;
  return values
    .map((v) =>
      Number.isFinite(v) ? "▁▂▃▄▅▆▇█"[Math.min(7, Math.floor(((v - low) / span) * 8))] : " ",
    )
    .join("");
}
