import pc from "picocolors";
import type { Run, RunState, RunStep } from "../engine/engine.ts";
import { inWords } from "../lib/duration.ts";
import type { Json } from "../lib/json.ts";
import { subjectOf } from "../tracking/run-view.ts";
import {
  counted,
  cut,
  heading,
  labelled,
  moment,
  oneLine,
  table,
  when,
  wrap,
} from "./render-text.ts";

const COLOUR: Readonly<Record<RunState, (text: string) => string>> = {
  queued: pc.dim,
  running: pc.cyan,
  waiting: pc.yellow,
  succeeded: pc.green,
  failed: pc.red,
  cancelled: pc.yellow,
};

const stateWord = (state: RunState): string => COLOUR[state](state);

/** "train churn". */
const runTitle = (run: Run): string =>
  [run.pipeline, subjectOf(run.input)].filter((part) => part !== undefined).join(" ");

/** What happened, or is happening, in a few words. */
function remarkOf(run: Run, now: number): string {
  if (run.state === "failed") return oneLine(run.error ?? "");
  if (run.finishedAt !== undefined) return `took ${inWords(run.finishedAt - run.createdAt)}`;
  const { progress } = run;
  if (!progress) return run.state === "queued" ? "waiting for a worker" : "";
  const share = progress.fraction === undefined ? "" : ` ${Math.round(100 * progress.fraction)} %`;
  return `${oneLine([progress.step, progress.message].filter(Boolean).join(": "))}${share}, for ${inWords(now - run.createdAt)}`;
}

export function renderRuns(runs: readonly Run[], now: number, width: number): string[] {
  const rows = runs.map((run) => [
    run.id,
    cut(runTitle(run), 24),
    stateWord(run.state),
    when(run.createdAt, now),
    cut(remarkOf(run, now), Math.max(60, width)),
  ]);
  return table(["run", "what", "state", "started", ""], rows, width, pc.dim);
}

/** The same without ids, for `status`. */
export function renderLatestRuns(runs: readonly Run[], now: number, width: number): string[] {
  const rows = runs.map((run) => [
    stateWord(run.state),
    cut(runTitle(run), 28),
    pc.dim(when(run.createdAt, now)),
    cut(remarkOf(run, now), 3 * width),
  ]);
  return table(["", "", "", ""], rows, width, pc.dim);
}

export function renderRun(
  run: Run,
  steps: readonly RunStep[],
  now: number,
  width: number,
): string[] {
  const input = entriesOf(run.input).filter(([name]) => name !== "model" && name !== "dataset");
  const finished =
    run.finishedAt === undefined ? "" : `, took ${inWords(run.finishedAt - run.createdAt)}`;
  return [
    "",
    `${heading(runTitle(run))}  ${stateWord(run.state)}`,
    "",
    ...labelled("run", run.id, width),
    ...(run.parent ? labelled("started by", `${run.parent.id} (${run.parent.step})`, width) : []),
    ...(run.queue === "default" && run.priority === 0
      ? []
      : labelled("queue", `${run.queue}, priority ${run.priority}`, width)),
    ...labelled(
      "started",
      `${moment(run.createdAt)} UTC (${when(run.createdAt, now)})${finished}`,
      width,
    ),
    ...input.flatMap(([name, value]) => labelled(name, value, width)),
    ...(run.finishedAt === undefined && run.progress
      ? labelled("now", remarkOf(run, now), width)
      : []),
    ...(steps.length > 0 ? ["", ...stepLines(steps, now, width)] : []),
    ...(run.error === undefined
      ? []
      : ["", `${pc.red("Failed")}`, ...wrap(oneLine(run.error), width - 2).map((l) => `  ${l}`)]),
    ...(run.output === undefined || run.output === null
      ? []
      : [
          "",
          heading("Outcome"),
          ...entriesOf(run.output).flatMap(([k, v]) => labelled(k, v, width)),
        ]),
  ];
}

function stepLines(steps: readonly RunStep[], now: number, width: number): string[] {
  const rows = steps.map((step) => {
    const took =
      step.startedAt === undefined ? "" : inWords((step.finishedAt ?? now) - step.startedAt);
    const attempts = step.attempts > 1 ? counted(step.attempts, "attempt") : "";
    return [
      stateWord(step.state),
      cut(step.name, 32),
      took,
      [attempts, step.error && cut(step.error, 200)].filter(Boolean).join(": "),
    ];
  });
  return table(["state", "step", { title: "took", right: true }, ""], rows, width, pc.dim);
}

/** The fields of a JSON object as texts, nothing nested deeper than a line. */
function entriesOf(value: Json): (readonly [string, string])[] {
  if (value === null || typeof value !== "object" || Array.isArray(value))
    return [["value", cut(JSON.stringify(value), 400)]];
  return Object.entries(value)
    .filter(([, field]) => field !== null)
    .map(([name, field]) => [
      cut(name, 11),
      cut(typeof field === "string" ? field : JSON.stringify(field), 600),
    ]);
}
