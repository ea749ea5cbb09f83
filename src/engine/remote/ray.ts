import { MillwrightError } from "../../errors.ts";
import { bytesOf } from "../../lib/bytes.ts";
import { fetchedCommand, TEMPORARY_EXIT } from "../jobs/bootstrap.ts";
import { type PlainAnswer, plainRequest } from "../jobs/plain-request.ts";
import type { JobLook, JobState, Place, RayOptions } from "./place.ts";

const TIMEOUT_MS = 30_000;
/** Ray gives a log only as a whole; a longer one is no longer followed. */
const MOST_OF_A_LOG = 4 * 2 ** 20;
const ENDED = new Set(["STOPPED", "SUCCEEDED", "FAILED"]);

/** https://docs.ray.io/en/latest/cluster/running-applications/job-submission/rest.html */
interface JobDetails {
  readonly status: "PENDING" | "RUNNING" | "STOPPED" | "SUCCEEDED" | "FAILED";
  readonly message?: string | null;
  readonly error_type?: string | null;
  readonly driver_exit_code?: number | null;
  readonly metadata?: Readonly<Record<string, string>> | null;
}

type Call = (method: string, path: string, body?: object) => Promise<PlainAnswer>;
const ok = ({ status }: PlainAnswer): boolean => status >= 200 && status < 300;

/** Jobs of a Ray cluster. Our id is Ray's submission id; of two that ask for the same, Ray refuses the second. */
export function rayPlace(options: RayOptions): Place {
  const { address, resources = {}, runtimeEnv = {} } = options;
  const call: Call = async (method, path, body) => {
    const token = process.env.RAY_AUTH_TOKEN;
    try {
      return await plainRequest(new URL(path, address.endsWith("/") ? address : `${address}/`), {
        ...{ method, timeoutMs: TIMEOUT_MS },
        headers: {
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        body: body && JSON.stringify(body),
      });
    } catch (cause) {
      const { message } = cause as Error;
      throw new MillwrightError("unavailable", `Ray does not answer at ${address}: ${message}.`, {
        cause,
      });
    }
  };
  const job = async (id: string): Promise<JobDetails | undefined> => {
    const answer = await call("GET", `api/jobs/${id}`);
    if (answer.status === 404) return undefined;
    if (!ok(answer)) throw refused(answer, address);
    return JSON.parse(answer.text) as JobDetails;
  };

  return {
    async submit(id, { run, step, reach }) {
      const { command, variables } = fetchedCommand(await reach());
      const answer = await call("POST", "api/jobs/", {
        submission_id: id,
        entrypoint: command.map(quoted).join(" "),
        runtime_env: {
          ...runtimeEnv,
          env_vars: { ...(runtimeEnv.env_vars as object | undefined), ...variables },
        },
        metadata: { millwright_run: run, millwright_step: step },
        ...(resources.cpu === undefined ? {} : { entrypoint_num_cpus: resources.cpu }),
        ...(resources.gpu === undefined ? {} : { entrypoint_num_gpus: resources.gpu }),
        ...(resources.memory === undefined ? {} : { entrypoint_memory: bytesOf(resources.memory) }),
        ...(resources.custom === undefined ? {} : { entrypoint_resources: resources.custom }),
      });
      if (ok(answer)) return;
      // Whatever it says: when the job is there, it was somebody else's call that made it.
      const there = await job(id);
      if (there === undefined) throw refused(answer, address);
      if (there.metadata?.millwright_run !== run)
        throw new MillwrightError("conflict", `Job ${id} of ${address} is not of run ${run}.`);
    },
    async look(id, mark): Promise<JobLook | undefined> {
      const found = await job(id);
      if (found === undefined) return undefined;
      const log = found.status === "PENDING" ? undefined : await logOf(call, id, mark, found);
      return { ...stateOf(found), ...(log ?? { lines: [], mark }) };
    },
    async cancel(id) {
      const answer = await call("POST", `api/jobs/${id}/stop`);
      if (!ok(answer) && answer.status !== 404 && !ENDED.has((await job(id))?.status ?? "STOPPED"))
        throw refused(answer, address);
    },
  };
}

/** The mark is the number of characters that were read: whole lines, until it has ended. */
async function logOf(
  call: Call,
  id: string,
  mark: string,
  { status }: JobDetails,
): Promise<Pick<JobLook, "lines" | "mark"> | undefined> {
  const read = Number(mark || 0);
  if (read > MOST_OF_A_LOG && !ENDED.has(status)) return undefined;
  const answer = await call("GET", `api/jobs/${id}/logs`);
  // The log of a job whose machine is gone is gone too.
  if (!ok(answer)) return undefined;
  const { logs = "" } = JSON.parse(answer.text) as { logs?: string };
  const end = ENDED.has(status) ? logs.length : logs.lastIndexOf("\n") + 1;
  if (end <= read) return undefined;
  const text = logs.slice(read, end);
  return { lines: text.replace(/\n$/, "").split("\n"), mark: String(end) };
}

function stateOf(found: JobDetails): Pick<JobLook, "state" | "words"> {
  const { status, driver_exit_code: code } = found;
  const said = (found.message ?? "").trim();
  if (status === "PENDING") return { state: "waiting", words: said || "waiting for its place" };
  if (status === "RUNNING") return { state: "running" };
  if (status === "SUCCEEDED") return { state: "succeeded" };
  if (status === "STOPPED") return { state: "stopped" };
  if (code === TEMPORARY_EXIT)
    return { state: "lost", words: "it could not fetch its files, or hand over what it made" };
  // Without a code the program never ended: its machine, its supervisor or its environment failed.
  const state: JobState =
    typeof code === "number" || /runtime_?env|RUNTIME_ENV/.test(`${found.error_type} ${said}`)
      ? "failed"
      : "lost";
  const short = said.split("\n")[0]!.slice(0, 500);
  return { state, words: typeof code === "number" ? `it ended with code ${code}` : short };
}

function refused({ status, text }: PlainAnswer, address: string): MillwrightError {
  // Ray answers with a traceback: what is wrong is in its last lines.
  const lines = text.split("\n").filter((line) => line.trim().length > 1);
  const last = (lines.at(-1) ?? "").slice(0, 500);
  const passes = status >= 500 || status === 429 || status === 408;
  const code = passes ? "unavailable" : status === 401 ? "unauthorized" : "invalid_config";
  return new MillwrightError(code, `Ray at ${address} answered ${status}: ${last}`);
}

/** For a shell of POSIX. */
const quoted = (word: string): string =>
  /^[\w./:=-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
