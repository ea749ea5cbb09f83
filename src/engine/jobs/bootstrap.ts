import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { MillwrightError } from "../../errors.ts";
import type { JobReach } from "../remote/place.ts";

/** A command that does not fill the logs and lists of clusters: what it runs is in a variable. */
const START = ["python3", "-u", "-c", "import os; exec(os.environ.pop('MILLWRIGHT_JOB_START'))"];

/** Fetches the runner from control and runs it, if it is the one that we mean. */
const FETCH = [
  "import hashlib, os, sys, time, urllib.request as u",
  "for last in [0] * 9 + [1]:",
  "    try:",
  "        request = u.Request(os.environ['MILLWRIGHT_JOB_URL'] + '/runner', headers={'Authorization': 'Bearer ' + os.environ['MILLWRIGHT_JOB_TOKEN']})",
  "        code = u.urlopen(request, timeout=30).read()",
  "        break",
  "    except OSError as error:",
  "        print('millwright: %s: %s' % (request.full_url, error), file=sys.stderr, flush=True)",
  "        if last or getattr(error, 'code', 500) < 500: sys.exit(75)",
  "        time.sleep(3)",
  "if hashlib.sha256(code).hexdigest() != os.environ.pop('MILLWRIGHT_JOB_RUNNER'): sys.exit('millwright: the runner is not the one that was meant')",
  "exec(compile(code, 'run_job.py', 'exec'))",
].join("\n");

/** The exit code of a job that could not fetch its files, or hand over what it made. */
export const TEMPORARY_EXIT = 75;

/** For places that know a command and variables, and do not see our disk. */
export function fetchedCommand({ url, token }: JobReach): {
  readonly command: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
} {
  const runner = createHash("sha256").update(runnerSource()).digest("hex");
  return {
    command: START,
    variables: {
      ...{ MILLWRIGHT_JOB_URL: url, MILLWRIGHT_JOB_TOKEN: token, MILLWRIGHT_JOB_RUNNER: runner },
      MILLWRIGHT_JOB_START: FETCH,
    },
  };
}

/** Read at run time, so that sources and builds use the same file. */
export function runnerSource(): string {
  const places = ["./run_job.py", "./job/run_job.py", "../job/run_job.py"];
  const found = places
    .map((name) => fileURLToPath(new URL(name, import.meta.url)))
    .find((path) => existsSync(path));
  if (found !== undefined) return readFileSync(found, "utf8");
  throw new MillwrightError(
    "internal",
    "dist/job/run_job.py is missing. Build it with: npm run build",
  );
}
