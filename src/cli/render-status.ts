import pc from "picocolors";
import type { DatasetVersion } from "../datasets/dataset-version.ts";
import type { Run } from "../engine/engine.ts";
import type { KeptIncident } from "../monitoring/window-report.ts";
import { isActive, subjectOf } from "../tracking/run-view.ts";
import { datasetCells } from "./render-dataset.ts";
import { headline, type VersionView } from "./render-model.ts";
import { renderLatestRuns } from "./render-run.ts";
import { counted, cut, heading, moment, oneLine, table, when, wrap } from "./render-text.ts";

export interface ModelStatus {
  readonly model: string;
  readonly versions: number;
  readonly champion: VersionView | undefined;
  readonly challenger: VersionView | undefined;
  /** Since when, and why, the challenger runs beside the champion. */
  readonly shadow: { readonly since: number; readonly reason: string } | undefined;
  /** Number of the former champion, while it runs on beside the new one so that a bad promotion is noticed. */
  readonly guard: number | undefined;
}

export interface StatusView {
  readonly name: string;
  readonly folder: string;
  /** Some process executes runs. */
  readonly working: boolean;
  readonly models: readonly ModelStatus[];
  /** The newest version of each dataset of the project; undefined = never read. */
  readonly datasets: readonly {
    readonly name: string;
    readonly latest: DatasetVersion | undefined;
  }[];
  readonly incidents: readonly KeptIncident[];
  /** Newest first. */
  readonly runs: readonly Run[];
}

const LATEST_RUNS = 5;

export function renderStatus(view: StatusView, now: number, width: number): string[] {
  const running = view.working ? pc.green("running") : pc.dim("not running");
  const { command, why } = nextStep(view);
  return [
    "",
    `${heading(view.name)}  ${running}  ${pc.dim(cut(view.folder, width - view.name.length - 18))}`,
    "",
    heading("Models"),
    ...view.models.flatMap((model) => modelLines(model, view.incidents, now, width)),
    ...(view.models.length === 0 ? [pc.dim("  none in the project")] : []),
    "",
    heading("Data"),
    ...table(
      ["", "", "", "", ""],
      view.datasets.map(({ name, latest }) =>
        latest ? datasetCells(latest, now) : [cut(name, 24), pc.dim("not read yet"), "", "", ""],
      ),
      width,
    ),
    ...(view.runs.length === 0
      ? []
      : ["", heading("Runs"), ...renderLatestRuns(view.runs.slice(0, LATEST_RUNS), now, width)]),
    "",
    `${heading("Next")}  ${command}${why === "" ? "" : `  ${pc.dim(why)}`}`,
  ];
}

function modelLines(
  status: ModelStatus,
  incidents: readonly KeptIncident[],
  now: number,
  width: number,
): string[] {
  const { model, champion, challenger, shadow } = status;
  const own = incidents.filter((incident) => incident.model === model && incident.state === "open");
  const rows: string[][] = [];
  if (champion) rows.push([pc.green("champion"), ...versionCells(champion, now)]);
  if (challenger) rows.push([pc.cyan("challenger"), ...versionCells(challenger, now)]);
  const none =
    status.versions === 0
      ? "not trained yet"
      : `${counted(status.versions, "version")}, none of them champion`;
  const wrapped = (mark: string, text: string) =>
    wrap(oneLine(text), width - 6).map((line, i) =>
      i === 0 ? `    ${mark} ${line}` : `      ${line}`,
    );
  return [
    `  ${pc.bold(model)}${champion ? "" : `  ${pc.dim(none)}`}`,
    ...(rows.length === 0
      ? []
      : table(["", "", "", "", ""], rows, width).map((line) => `  ${line}`)),
    ...(shadow
      ? wrapped(
          pc.cyan("›"),
          `in shadow on live traffic since ${moment(shadow.since)} UTC: ${shadow.reason}`,
        )
      : []),
    ...(status.guard === undefined
      ? []
      : wrapped(pc.cyan("›"), `guarded: version ${status.guard} runs on beside it, to go back to`)),
    ...own.flatMap(({ headline: what }) => wrapped(pc.red("!"), what)),
  ];
}

const versionCells = ({ version, evaluation }: VersionView, now: number): string[] => [
  `version ${version.number}`,
  cut(version.trainer, 14),
  headline(evaluation),
  pc.dim(when(version.createdAt, now)),
];

export interface NextStep {
  readonly command: string;
  readonly why: string;
}

/** The one thing worth doing now: what is broken first, then what is missing. */
export function nextStep(view: StatusView): NextStep {
  const { runs, models, incidents, working } = view;
  const step = (command: string, why = ""): NextStep => ({ command: `millwright ${command}`, why });
  const stuck = runs.filter((run) => isActive(run)).length;
  if (!working && stuck > 0)
    return step("up", `${counted(stuck, "run")} ${stuck === 1 ? "waits" : "wait"} for a worker`);
  const latest = new Map<string, Run>();
  for (const run of runs) {
    const about = `${run.pipeline} ${subjectOf(run.input) ?? ""}`;
    if (!latest.has(about)) latest.set(about, run);
  }
  const failed = [...latest.values()].find((run) => run.state === "failed");
  if (failed) return step(`show ${failed.id}`, "the last run of its kind failed");
  const open = incidents.filter((incident) => incident.state === "open").length;
  if (open > 0) return step("show incidents", `${counted(open, "incident")} open`);
  const active = runs.find((run) => isActive(run));
  const untrained = models.find((model) => model.versions === 0);
  if (untrained && !active) return step(`train ${untrained.model}`, "it has no version yet");
  const idle = models.find((model) => model.versions > 0 && !model.champion);
  if (idle) return step(`leaderboard ${idle.model}`, "no version may answer yet: see why");
  if (active) return step(`show ${active.id}`, `${active.pipeline} is under way`);
  if (!working) return step("up", "to serve, watch and retrain");
  const answering = models.find((model) => model.champion);
  return answering
    ? step(`predict ${answering.model} …`, "all is well")
    : step("init <file> --target <column>");
}
