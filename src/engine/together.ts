/** More calls than that go into the next statement. */
const MOST = 500;

/**
 * Calls that arrive while a statement is under way share the next one: what many small runs cost is statements. Answers in the order of
 * the calls. When a group fails, each of its calls is tried on its own, so that only the guilty one fails.
 */
export function together<Call, Answer>(
  write: (calls: readonly Call[]) => Promise<readonly Answer[]>,
): (call: Call) => Promise<Answer> {
  interface Entry {
    readonly call: Call;
    resolve(answer: Answer): void;
    reject(error: unknown): void;
  }
  let queue: Entry[] = [];
  let running = false;

  const answer = async (group: readonly Entry[]): Promise<void> => {
    try {
      const answers = await write(group.map(({ call }) => call));
      for (const [i, entry] of group.entries()) entry.resolve(answers[i]!);
    } catch (error) {
      if (group.length === 1) group[0]!.reject(error);
      else for (const entry of group) await answer([entry]);
    }
  };
  const run = async (): Promise<void> => {
    running = true;
    await new Promise((resolve) => setImmediate(resolve));
    while (queue.length > 0) {
      const group = queue.slice(0, MOST);
      queue = queue.slice(MOST);
      await answer(group);
    }
    running = false;
  };
  return (call) =>
    new Promise((resolve, reject) => {
      queue.push({ call, resolve, reject });
      if (!running) void run();
    });
}
