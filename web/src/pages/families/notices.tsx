import type { FamilyView } from "@millwright/sdk/contract/families";
import { api } from "../../api.ts";
import { useLive } from "../../live.ts";
import { Link, pathTo, withQuery } from "../../location.tsx";
import { Badge } from "../../ui/badge.tsx";
import { Command } from "../../ui/command.tsx";
import { count } from "../../ui/format.ts";
import { Progress } from "../tracking/progress.tsx";
import { retrainCommand } from "./words.ts";

const NAMED = 3;
const EVERY_MS = 10_000;

/** What needs a person, and what happens just now. */
export function Notices({ family }: { family: FamilyView }) {
  const { model, levels } = family;
  const failing = levels.filter((level) => level.failing > 0);
  return (
    <>
      {failing.map(({ level, failing }) => (
        <Failing key={level} model={model} level={level} failing={failing} />
      ))}
      <UnderWay model={model} />
    </>
  );
}

function Failing({ model, level, failing }: { model: string; level: number; failing: number }) {
  const worst = useLive(
    `failing ${model} ${level} ${failing}`,
    () => api.members({ model, level, failing: true, order: "loss", limit: NAMED }),
    EVERY_MS,
  ).data?.members;
  const names = (worst ?? []).map(({ name }) => name);
  return (
    <div className="notice bad">
      <p>
        <b>
          {count(failing)} {failing === 1 ? "member" : "members"}{" "}
          {level > 0 && `of level ${level} `}
          {failing === 1 ? "has" : "have"} become worse
        </b>{" "}
        than on rows they had not learned from, by more than chance explains
        {worst !== undefined && worst.length > 0 && (
          <>
            :{" "}
            {worst.map(({ name, values }, i) => (
              <span key={name}>
                {i > 0 && ", "}
                <Link to={pathTo.member(model, name)}>{values.join(" · ")}</Link>
              </span>
            ))}
            {failing > worst.length && " and others"}
          </>
        )}
        . They are trained again by themselves where <code>retrain.onDrift</code> is not{" "}
        <code>false</code>, or now; the others stay as they are.{" "}
        <Link to={withQuery({ level: String(level), state: "failing", page: undefined })}>
          Show {failing === 1 ? "it" : "them"}
        </Link>
      </p>
      {names.length > 0 && <Command text={retrainCommand(model, names, failing)} />}
    </div>
  );
}

/** A training of members that runs now. */
function UnderWay({ model }: { model: string }) {
  const runs = useLive("family runs", () => api.runs({ pipeline: "train-family", limit: 20 })).data;
  const run = runs?.runs.find(
    ({ subject, finishedAt }) => subject === model && finishedAt === null,
  );
  if (run === undefined) return null;
  return (
    <div className="notice plain">
      <Badge tone="live">training</Badge>
      <p>
        Members are being trained; those there are answer meanwhile.{" "}
        <Link to={pathTo.run(run.id)}>The run</Link>
      </p>
      {run.progress !== null && <Progress progress={run.progress} />}
    </div>
  );
}
