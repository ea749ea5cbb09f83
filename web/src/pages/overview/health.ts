import type { ModelSummary } from "@millwright/sdk/contract/models";
import type { Tone } from "../../ui/badge.tsx";

/** Is anything wrong with a model, why, and what to do: one line each. */
export interface Health {
  readonly tone: Tone;
  readonly state: string;
  readonly why: string;
  /** A command that moves things on, if one does. */
  readonly command: string | undefined;
}

const ACTIVE: ReadonlySet<string> = new Set(["queued", "running", "waiting"]);

export function healthOf(model: ModelSummary): Health {
  const { champion, challenger, lastRun, openIncidents } = model;
  const [incident] = openIncidents;
  const training = lastRun !== null && ACTIVE.has(lastRun.state);
  const show = lastRun && `millwright show ${lastRun.id}`;
  if (incident) return { tone: "bad", state: "incident", why: incident.title, command: undefined };
  if (!champion && training)
    return {
      tone: "live",
      state: "first training",
      why: lastRun.progress?.message ?? "The first training run is under way.",
      command: undefined,
    };
  if (model.versions === 0)
    return lastRun?.state === "failed"
      ? {
          tone: "bad",
          state: "training failed",
          why: lastRun.error ?? "The last training run failed.",
          command: show ?? undefined,
        }
      : {
          tone: "warn",
          state: "not trained",
          why: "Nothing answers for this model yet.",
          command: `millwright train ${model.name}`,
        };
  if (!champion)
    return {
      tone: "warn",
      state: "not serving",
      why: "No version has passed its gates; the verdict says why.",
      command: `millwright leaderboard ${model.name}`,
    };
  if (lastRun?.state === "failed")
    return {
      tone: "warn",
      state: "serving",
      why: `Version ${champion.number} answers, but the last ${lastRun.pipeline} run failed: ${lastRun.error ?? "see the run"}`,
      command: show ?? undefined,
    };
  if (training)
    return {
      tone: "live",
      state: "retraining",
      why: `Version ${champion.number} answers meanwhile.`,
      command: undefined,
    };
  if (model.split !== null)
    return {
      tone: "live",
      state: model.split.startsWith("canary") ? "canary" : "split",
      why: `Requests are divided: ${model.split}.`,
      command: `millwright route ${model.name}`,
    };
  if (challenger)
    return {
      tone: "good",
      state: "serving",
      why: `Version ${challenger.number} is being compared with it in shadow.`,
      command: undefined,
    };
  return {
    tone: "good",
    state: "serving",
    why: model.monitored ? "No open incident." : "No window has been watched yet.",
    command: undefined,
  };
}
