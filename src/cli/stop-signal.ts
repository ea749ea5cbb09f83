/** Resolves when the process is asked to stop (Ctrl-C, SIGTERM). The second time it is not asked: it ends. */
export function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolve());
  });
}
