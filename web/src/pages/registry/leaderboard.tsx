import type { ModelDetail } from "@millwright/sdk/contract/models";
import { IntervalBar } from "../../charts/interval-bar.tsx";
import { extent } from "../../charts/scale.ts";
import { Badge, type Tone } from "../../ui/badge.tsx";
import { Card } from "../../ui/card.tsx";
import { Command } from "../../ui/command.tsx";
import { Empty } from "../../ui/empty.tsx";
import { duration, plural, quantity } from "../../ui/format.ts";

const TONES: Readonly<Record<string, Tone>> = {
  finished: "good",
  racing: "live",
  dropped: "plain",
  failed: "bad",
  "not tried": "plain",
};

/** Who raced, how good with which uncertainty, who won and why. */
export function Leaderboard({ model }: { model: ModelDetail }) {
  const board = model.leaderboard;
  if (!board)
    return (
      <Empty title="No race has been run." commands={[`millwright train ${model.name}`]}>
        Several trainers compete on folds of the training rows under a time budget. Here they stand
        side by side, each with its interval.
      </Empty>
    );
  const metrics = board.standings.flatMap((s) => (s.metric ? [s.metric] : []));
  // Trivial candidates are far off by nature; with them on the scale the others could not be told apart.
  const compared = board.standings.flatMap((s) =>
    s.metric && s.trainer !== "baseline" ? [s.metric] : [],
  );
  const domain = extent(
    (compared.length > 0 ? compared : metrics).flatMap((m) => [m.value, m.low, m.high]),
    0.04,
  );
  const winner = board.standings.find((s) => s.winner);
  const title = metrics[0]?.title ?? board.metric;
  return (
    <>
      <div className="notice plain">
        <p>
          <b>Why {winner?.candidate ?? "this one"}:</b> {board.reason}
        </p>
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
              {board.standings.map((s) => (
                <tr key={s.candidate} className={s.winner ? "winner" : undefined}>
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
                    {s.metric && (
                      <IntervalBar
                        metric={s.metric}
                        domain={domain}
                        mark={winner?.metric?.value}
                        strong={s.winner}
                      />
                    )}
                  </td>
                  <td>
                    <Badge tone={TONES[s.state] ?? "plain"}>{s.state}</Badge>
                  </td>
                  <td className="number" data-label="Folds">
                    {s.folds}
                  </td>
                  <td className="number" data-label="Time">
                    {s.folds === 0 && s.error === null ? "–" : duration(s.seconds * 1000)}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
        <p className="foot muted">
          {plural(board.standings.length, "candidate")} on {plural(board.folds, "fold")} of{" "}
          {plural(board.trainedRows, "row")}; {plural(board.testRows, "row")} were kept back for the
          final test. After each fold the worse half leaves, except those within one standard error
          of the best. The dashed line marks the chosen one.
          {board.notTried > 0 &&
            ` ${plural(board.notTried, "candidate")} did not start: the time budget was used up.`}{" "}
          <Command text={`millwright leaderboard ${model.name}`} />
        </p>
      </Card>
    </>
  );
}

const parameters = (params: Readonly<Record<string, unknown>>): string =>
  Object.entries(params)
    .filter(([, value]) => ["number", "string", "boolean"].includes(typeof value))
    .slice(0, 5)
    .map(([name, value]) => `${name} ${value}`)
    .join(", ");
