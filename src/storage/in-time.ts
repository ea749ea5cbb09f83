/**
 * What `work` gives, or what `late` throws when it is not there after so many milliseconds. The work itself goes on. Where something else
 * held up the event loop, an answer that has come meanwhile is still read.
 */
export async function inTime<T>(work: Promise<T>, ms: number, late: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const alarm = new Promise<never>((_, reject) => {
    // Timers come before sockets in a turn of the loop, and immediates after them.
    timer = setTimeout(() => setImmediate(() => setImmediate(() => reject(late()))), ms);
  });
  try {
    return await Promise.race([work, alarm]);
  } finally {
    clearTimeout(timer);
  }
}
