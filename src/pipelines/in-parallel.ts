/**
 * Results in the order of `work`. When `open()` says no, nothing further starts (but at least `atLeast` do); what was not started
 * is absent, what runs is waited for.
 */
export async function inParallel<T>(
  work: readonly (() => Promise<T>)[],
  width: number,
  budget: { readonly open: () => boolean; readonly atLeast: number },
): Promise<T[]> {
  const results: { readonly value: T }[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < work.length && (next < budget.atLeast || budget.open())) {
      const mine = next++;
      try {
        results[mine] = { value: await work[mine]!() };
      } catch (error) {
        // The step is over: what has not begun must not run beside its repetition.
        next = work.length;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, work.length) }, lane));
  return results.flatMap((result) => (result === undefined ? [] : [result.value]));
}
