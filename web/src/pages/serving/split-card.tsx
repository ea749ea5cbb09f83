import type { ArmView, RouteView } from "@millwright/sdk/contract/routing";
import { IntervalBar } from "../../charts/interval-bar.tsx";
import { extent } from "../../charts/scale.ts";
import { Age } from "../../ui/age.tsx";
import { Badge } from "../../ui/badge.tsx";
import { Card } from "../../ui/card.tsx";
import { count, millis, percent, plural, quantity } from "../../ui/format.ts";

type Split = NonNullable<RouteView["split"]>;

const TITLES: Readonly<Record<Split["kind"], string>> = {
  canary: "Canary",
  weights: "A/B",
  bandit: "Bandit",
};

/** Shares asked for and served, and what came of each arm. */
export function SplitCard({ split }: { split: Split }) {
  const { arms, steps, guards, sampleRatio } = split;
  const known = arms.flatMap((arm) => (arm.quality === null ? [] : [arm.quality]));
  const domain = extent(
    known.flatMap((q) => [q.low, q.value, q.high]),
    0.06,
  );
  const mark = arms.find((arm) => arm.variant === "champion")?.quality?.value;
  return (
    <Card
      title={TITLES[split.kind]}
      aside={
        <>
          since <Age at={split.begun} />
          {split.since !== split.begun && (
            <>
              , shares changed <Age at={split.since} />
            </>
          )}
        </>
      }
      flush
    >
      <p className="foot">{conclusion(split)}</p>
      {sampleRatio.broken && (
        <p className="foot bad-text">
          Callers do not arrive in the shares asked for (p = {sampleRatio.p.toPrecision(2)}):
          nothing can be compared.
        </p>
      )}
      <div className="scroll">
        <table className="rows folds arms">
          <thead>
            <tr>
              <th scope="col">Version</th>
              <th scope="col">Share: asked, served</th>
              <th scope="col" className="number">
                Rows
              </th>
              <th scope="col" className="number">
                Failed
              </th>
              <th scope="col" className="number">
                Abstained
              </th>
              <th scope="col" className="number">
                Median, p95
              </th>
              <th scope="col" className="wide">
                {known[0]?.title ?? "Outcome"}; the line marks the champion
              </th>
            </tr>
          </thead>
          <tbody>
            {arms.map((arm) => (
              <tr key={arm.versionId}>
                <th scope="row">
                  Version {arm.version}
                  <Badge tone={arm.variant === "champion" ? "good" : "live"}>{arm.variant}</Badge>
                  {arm.wins !== null && arm.losses !== null && (
                    <small>
                      {count(arm.wins)} right, {count(arm.losses)} wrong
                    </small>
                  )}
                </th>
                <td data-label="Share">
                  <Share arm={arm} />
                </td>
                <td className="number" data-label="Rows">
                  {count(arm.rows)}
                  <small>{plural(arm.callers, "caller")}</small>
                </td>
                <td className="number" data-label="Failed">
                  {count(arm.failed)}
                  <small>{shareOf(arm.failed, arm.rows)}</small>
                </td>
                <td className="number" data-label="Abstained">
                  {count(arm.abstained)}
                  <small>{shareOf(arm.abstained, arm.rows)}</small>
                </td>
                <td className="number" data-label="Median, p95">
                  {arm.latencyMs === null ? (
                    "–"
                  ) : (
                    <>
                      {millis(arm.latencyMs.median)}
                      <small>{millis(arm.latencyMs.p95)}</small>
                    </>
                  )}
                </td>
                <td className="wide">
                  {arm.quality === null ? (
                    <span className="muted">no truth known yet</span>
                  ) : (
                    <>
                      <b>{quantity(arm.quality.value, arm.quality.unit)}</b>{" "}
                      <span className="muted">on {plural(arm.labelled, "label")}</span>
                      <IntervalBar
                        metric={arm.quality}
                        domain={domain}
                        mark={mark}
                        strong={arm.variant === "champion"}
                      />
                    </>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {guards.length > 0 && (
        <div className="foot">
          <div className="verdict">
            <p>
              <b>Guards.</b>{" "}
              {guards.every((guard) => guard.pass)
                ? "None objects."
                : "One that objects ends the canary within five minutes."}
              {steps.length > 0 && ` Next: ${steps.map((step) => `${step} %`).join(", ")}.`}
            </p>
            <ul>
              {guards.map((guard) => (
                <li key={guard.guard}>
                  <Badge tone={guard.pass ? "good" : "bad"}>
                    {guard.pass ? "fine" : "objects"}
                  </Badge>
                  <span>
                    <b>{guard.guard}</b> {guard.text}
                  </span>
                </li>
              ))}
            </ul>
          </div>
        </div>
      )}
    </Card>
  );
}

/** What was asked for as a bar, what was served as a line across it. */
function Share({ arm }: { arm: ArmView }) {
  const text = `asked ${figure(arm.share)}, served ${arm.served === null ? "nobody yet" : figure(arm.served)}`;
  return (
    <>
      <span className="share" role="img" aria-label={text} title={text}>
        <span style={{ width: `${100 * arm.share}%` }} />
        {arm.served !== null && <i style={{ left: `${100 * arm.served}%` }} />}
      </span>
      <small>
        {figure(arm.share)} asked ·{" "}
        {arm.served === null ? "none yet" : `${figure(arm.served)} served`}
      </small>
    </>
  );
}

const figure = (share: number): string => `${Number((100 * share).toPrecision(3))} %`;
const shareOf = (some: number, all: number): string => (all === 0 ? "" : percent(some / all));

/** One sentence: who is ahead, or why that cannot be said. */
function conclusion({ kind, arms, sampleRatio }: Split): string {
  const rows = arms.reduce((sum, arm) => sum + arm.rows, 0);
  if (rows === 0) return "No row has been asked since it began.";
  const soFar = `${plural(rows, "row")} so far.`;
  const judged = arms.flatMap(({ version, quality }) =>
    quality === null || quality.low === null || quality.high === null ? [] : [{ version, quality }],
  );
  if (sampleRatio.broken) return `${soFar} The assignment is broken; see below.`;
  if (judged.length < 2) return `${soFar} Who is better is not known: truths are missing.`;
  const higher = judged[0]!.quality.better === "higher";
  const [best, second] = [...judged].sort(
    (a, b) => (a.quality.value - b.quality.value) * (higher ? -1 : 1),
  ) as [(typeof judged)[0], (typeof judged)[0]];
  const apart = higher
    ? best.quality.low! > second.quality.high!
    : best.quality.high! < second.quality.low!;
  const decides =
    kind === "canary"
      ? ""
      : kind === "bandit"
        ? " The better arm gets more; promoting is for you to say."
        : " Nothing is decided by itself.";
  return apart
    ? `${soFar} Version ${best.version} is ahead beyond its interval.${decides}`
    : `${soFar} Version ${best.version} is ahead, but the intervals overlap: it may be chance.${decides}`;
}
