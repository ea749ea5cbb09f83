let hook: ((name: string) => void) | undefined;

/** A named place where the crash tests kill the process. Does nothing unless the host armed it. */
export const crashPoint = (name: string): void => hook?.(name);

/** Called by the host (`engine/crash-points.ts`), never by pure code. */
export const armCrashPoints = (onPoint: (name: string) => void): void => {
  hook = onPoint;
};
