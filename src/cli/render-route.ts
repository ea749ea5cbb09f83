import pc from "picocolors";
import type { RouteRevisionView, RouteView } from "../../sdk/src/contract/routing.ts";
import { inWords } from "../lib/duration.ts";
import { counted, cut, decimal, heading, labelled, moment, percent, table } from "./render-text.ts";

/** Who answers for a model, and how each does. */
export function renderRoute(route: RouteView, width: number): string[] {
  const { split, fallback, deadlineMs } = route;
  const champion = route.champion === null ? "none of its own" : `version ${route.champion}`;
  const deadline = deadlineMs === null ? "" : `, and when it takes over ${inWords(deadlineMs)}`;
  return [
    pc.bold(route.model),
    ...labelled("champion", champion, width),
    ...(route.shadow === null ? [] : labelled("shadow", `version ${route.shadow}`, width)),
    ...(fallback.length === 0
      ? []
      : labelled("fallback", `${fallback.join(" → ")} when it cannot answer${deadline}`, width)),
    ...labelled("revision", revisionInWords(route), width),
    ...(split === null ? [] : splitLines(split, width)),
  ];
}

const revisionInWords = ({ revision, changedAt, by, reason }: RouteView): string =>
  `${revision}, ${moment(changedAt)}${by === "" ? "" : `, ${by}`}: ${reason}`;

function splitLines(split: NonNullable<RouteView["split"]>, width: number): string[] {
  const { arms, steps, sampleRatio, guards } = split;
  const then = steps.length === 0 ? "" : `, then ${steps.join(", ")} %`;
  const number = (title: string) => ({ title, right: true }) as const;
  const rows = arms.map((arm) => [
    `version ${arm.version}`,
    arm.variant,
    percent(arm.share),
    arm.served === null ? "–" : percent(arm.served),
    arm.rows.toLocaleString("en-US"),
    arm.failed.toLocaleString("en-US"),
    arm.latencyMs === null ? "–" : decimal(arm.latencyMs.p95),
    arm.quality === null
      ? "no labels yet"
      : `${arm.quality.title.toLowerCase()} ${arm.quality.unit === "share" ? percent(arm.quality.value) : decimal(arm.quality.value)} on ${counted(arm.labelled, "label")}`,
  ]);
  const head = ["", "", number("asked"), number("served"), number("rows"), number("failed")];
  return [
    "",
    heading(`${TITLES[split.kind]} since ${moment(split.begun)}${then}`),
    ...table([...head, number("p95 ms"), "outcome"], rows, width),
    ...(sampleRatio.broken
      ? [
          pc.red(
            `  Callers do not arrive in the shares asked for (p = ${sampleRatio.p.toPrecision(2)}): nothing can be compared.`,
          ),
        ]
      : []),
    ...guards
      .filter((guard) => !guard.pass)
      .map(({ guard, text }) => pc.red(`  ${guard}: ${text}`)),
  ];
}

const TITLES = { canary: "Canary", weights: "A/B", bandit: "Bandit" } as const;

export function renderRevisions(revisions: readonly RouteRevisionView[], width: number): string[] {
  if (revisions.length === 0) return ["  No route was ever set."];
  return table(
    [{ title: "", right: true }, "when", "champion", "by", "what and why"],
    revisions.map((revision) => [
      String(revision.revision),
      moment(revision.changedAt),
      revision.champion === null ? "–" : `version ${revision.champion}`,
      cut(revision.by || "–", 14),
      [
        ...(revision.split === null ? [] : [revision.split]),
        ...(revision.fallback.length === 0 ? [] : [`fallback ${revision.fallback.join(" → ")}`]),
        revision.reason,
      ].join("; "),
    ]),
    width,
  );
}
