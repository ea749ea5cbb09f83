const EVERY_MS = 200;

export interface Progress {
  readonly message: string;
  readonly fraction: number | undefined;
}

/**
 * Writes the latest progress, at most five times a second and one write at a time. A failed write is forgotten: progress is
 * for looking at.
 */
export function progressWriter(write: (progress: Progress) => Promise<void>) {
  let latest: Progress | undefined;
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();
  let over = false;

  const flush = (): void => {
    timer = undefined;
    const next = latest;
    latest = undefined;
    if (next) writing = writing.then(() => write(next)).catch(() => {});
  };
  return {
    report(message: string, fraction?: number): void {
      if (over) return;
      latest = { message, fraction };
      timer ??= setTimeout(flush, EVERY_MS);
    },
    /** After it nothing is written any more: the next step has its own progress. */
    async end(): Promise<void> {
      over = true;
      clearTimeout(timer);
      await writing;
    },
  };
}
