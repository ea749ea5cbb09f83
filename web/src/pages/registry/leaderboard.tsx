import type { Leaderboard as LeaderboardView, ModelDetail } from "@millwright/sdk/contract/models";
import { useState } from "react";
import { IntervalBar } from "../../charts/interval-bar.tsx";
import { extent } from "../../charts/scale.ts";
import { Badge, type Tone } from "../../ui/badge.tsx";
import { Card } from "../../ui/card.tsx";
import { Command } from "../../ui/command.tsx";
import { Empty } from "../../ui/empty.tsx";
import { duration, plural, quantity } from "../../ui/format.ts";
import { ImportedOnly } from "./imported.tsx";

type Standing = LeaderboardView["standings"][number];

const TONES: Readonly<Record<string, Tone>> = {
  finished: "good",
  racing: "plain",
  dropped: "plain",
  failed: "bad",
  "not tried": "plain",
};

/** A search tries hundreds; of those that left early so many are shown at first. */
const SHOWN = 15;

/** A race that is kept is over: who was still racing had no time left. */
const WORDS: Readonly<Record<string, string>> = { racing: "out of time" };

/** Who raced, how good with which uncertainty, who won and why. */
export function Leaderboard({ model }: { model: ModelDetail }) {
  const [all, setAll] = useState(false);
  const board = model.leaderboard;
  if (!board && model.history[0]?.origin)
    return <ImportedOnly model={model} missing="no race was run for it" />;
  if (!board)
    return (
      <Empty title="No race has been run." commands={[`millwright train ${model.name}`]}>
        Several trainers compete on folds of the training rows under a time budget. Here they stand
        side by side, each with its interval.
      </Empty>
    );
  const metrics = board.standings.flatMap((s) => (s.metric ? [s.metric] : []));
  // Only values of the same folds can be compared.
  const folds = Math.max(...board.standings.map((s) => s.folds));
  const full = board.standings.filter((s) => s.folds === folds);
  const early = board.standings.filter((s) => s.folds < folds);
  // Trivial candidates are far off by nature; with them on the scale the others could not be told apart.
  const compared = full.flatMap((s) => (s.metric && s.trainer !== "baseline" ? [s.metric] : []));
  const domain = extent(
    (compared.length > 0 ? compared : metrics).flatMap((m) => [m.value, m.low, m.high]),
    0.04,
  );
  const winner = board.standings.find((s) => s.winner);
  const title = metrics[0]?.title ?? board.metric;
  const shared = { title, domain, folds, mark: winner?.metric?.value };
  return (
    <>
      <div className="notice plain">
        <p>
          <b>Why {winner?.candidate ?? "this one"}:</b> {board.reason}
        </p>
        {board.notes.map(({ about, words }) => (
          <p key={about}>{words}</p>
        ))}
      </div>
      <Card
        title={`The race behind version ${board.version}`}
        aside={`${title}, ${board.better} is better`}
        flush
      >
        <div className="scroll">
          <table className="rows folds leaderboard">
            <thead>
              <tr>
                <th scope="col">Candidate</th>
                <th scope="col" className="number">
                  {title}
                </th>
                <th scope="col" className="wide">
                  95 % interval over folds
                </th>
                <th scope="col">State</th>
                <th scope="col" className="number">
                  Folds
                </th>
                <th scope="col" className="number">
                  Time
                </th>
              </tr>
            </thead>
            <tbody>
              {full.map((standing) => (
                <Row key={standing.candidate} standing={standing} of={shared} />
              ))}
            </tbody>
            {early.length > 0 && (
              <tbody>
                <tr className="divider">
                  <td colSpan={6}>
                    Left the race early, or never entered it: judged on fewer folds, so these values
                    cannot be compared with those above.
                  </td>
                </tr>
                {early.slice(0, all ? early.length : SHOWN).map((standing) => (
                  <Row key={standing.candidate} standing={standing} of={shared} />
                ))}
                {!all && early.length > SHOWN && (
                  <tr>
                    <td colSpan={6}>
                      <button type="button" onClick={() => setAll(true)}>
                        Show {plural(early.length - SHOWN, "further candidate")}
                      </button>
                    </td>
                  </tr>
                )}
              </tbody>
            )}
          </table>
        </div>
        <p className="foot muted">
          {plural(board.standings.length, "candidate")} on {folds < board.folds && `${folds} of `}
          {plural(board.folds, "fold")} of {plural(board.trainedRows, "row")};{" "}
          {plural(board.testRows, "row")} were kept back for the final test. After each fold the
          worse half leaves, except those within one standard error of the best; what a search
          proposes leaves as soon as it is worse. The dashed line marks the chosen one.
          {board.notTried > 0 &&
            ` ${plural(board.notTried, "candidate")} did not start: the time budget was used up.`}{" "}
          <Command text={`millwright leaderboard ${model.name}`} />
        </p>
      </Card>
    </>
  );
}

function Row({
  standing: s,
  of: { title, domain, folds, mark },
}: {
  standing: Standing;
  of: {
    title: string;
    domain: readonly [number, number];
    folds: number;
    mark: number | undefined;
  };
}) {
  const comparable = s.folds === folds;
  return (
    <tr className={s.winner ? "winner" : comparable ? undefined : "early"}>
      <th scope="row">
        {s.candidate}
        {s.winner && <Badge tone="good">chosen</Badge>}
        <small>
          {s.error === null ? (
            parameters(s.params) || s.trainer
          ) : (
            <span className="bad-text">{s.error}</span>
          )}
        </small>
      </th>
      <td className="number" data-label={title}>
        {s.metric ? <b>{quantity(s.metric.value, s.metric.unit)}</b> : "–"}
      </td>
      <td className="wide">
        {s.metric && comparable && (
          <IntervalBar metric={s.metric} domain={domain} mark={mark} strong={s.winner} />
        )}
        {s.metric && !comparable && (
          <span className="muted">
            on {plural(s.folds, "fold")} of {folds}
          </span>
        )}
      </td>
      <td>
        <Badge tone={TONES[s.state] ?? "plain"}>{WORDS[s.state] ?? s.state}</Badge>
      </td>
      <td className="number" data-label="Folds">
        {s.folds}
      </td>
      <td className="number" data-label="Time">
        {s.folds === 0 && s.error === null ? "–" : duration(s.seconds * 1000)}
      </td>
    </tr>
  );
}

const parameters = (params: Readonly<Record<string, unknown>>): string =>
  Object.entries(params)
    .filter(([, value]) => ["number", "string", "boolean"].includes(typeof value))
    .slice(0, 5)
    .map(([name, value]) => `${name} ${value}`)
    .join(", ");
