import { parentPort } from "node:worker_threads";
import { MillwrightError } from "../../errors.ts";
import type { Json } from "../../lib/json.ts";
import type { ComputeContext, TeamMember } from "../compute.ts";
import { armCrashPointsFromEnvironment } from "../crash-points.ts";
import type { FromThread, ToThread } from "./protocol.ts";
import { serveTeam, teamOpener } from "./team.ts";

/** One entry of the list of tasks: gets plain data, returns plain data. */
export type ComputeTask = (context: ComputeContext, input: never) => Promise<unknown>;

/** Called once by the entry file of the compute threads (`src/compute.ts`): serves tasks and teams until the pool ends the thread. */
export function serveCompute(list: {
  tasks: Readonly<Record<string, ComputeTask>>;
  members: Readonly<Record<string, TeamMember>>;
}): void {
  const port = parentPort;
  if (!port)
    throw new MillwrightError("internal", "serveCompute runs in a worker thread (see threads.ts).");
  armCrashPointsFromEnvironment();
  const say = (message: FromThread): void => port.postMessage(message);
  const openTeam = teamOpener(list.members, (request) => say({ kind: "team", ...request }));

  const runTask = async (message: ToThread & { kind: "task" }): Promise<unknown> => {
    const task = Object.hasOwn(list.tasks, message.task) ? list.tasks[message.task] : undefined;
    if (!task)
      throw new MillwrightError(
        "not_found",
        `There is no compute task '${message.task}' in this build (known: ${Object.keys(list.tasks).join(", ")}).`,
      );
    const stop = new Int32Array(message.stop);
    return task(
      {
        signal: {
          get aborted() {
            return Atomics.load(stop, 0) !== 0;
          },
        },
        progress: (text, fraction) =>
          say(
            fraction === undefined
              ? { kind: "progress", message: text }
              : { kind: "progress", message: text, fraction },
          ),
        openTeam,
      },
      message.input as never,
    );
  };

  port.on("message", (message: ToThread) => {
    if (message.kind === "member") {
      serveTeam(list.members, message);
      say({ kind: "member-free" });
      return;
    }
    runTask(message).then(
      (value) => say({ kind: "done", value }),
      (error: unknown) => say({ kind: "failed", failure: failureOf(error) }),
    );
  });
}

function failureOf(error: unknown): (FromThread & { kind: "failed" })["failure"] {
  if (!(error instanceof MillwrightError))
    return {
      code: "internal",
      message: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
    };
  try {
    // Details may hold anything; only plain data crosses.
    const details = JSON.parse(JSON.stringify(error.details)) as Json;
    return { code: error.code, message: error.message, details };
  } catch {
    return { code: error.code, message: error.message };
  }
}
