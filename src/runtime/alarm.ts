export interface Alarm {
  /** Resolves once, when the time has passed; never when it was stopped before. */
  readonly rings: Promise<void>;
  stop(): void;
}

/** @param ms from now. */
export function alarm(ms: number): Alarm {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const rings = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  return { rings, stop: () => clearTimeout(timer) };
}
