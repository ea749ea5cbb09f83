import type { Explanation } from "@millwright/sdk/contract/serving";
import { count, figure, percent, plural } from "../../ui/format.ts";

const SHOWN = 14;

/** What each column added to what the model says on average, the largest first: bars around a middle line, with sign and unit. */
export function Why({
  explanation,
  reasons,
  target,
}: {
  explanation: Explanation;
  reasons: readonly string[];
  target: string;
}) {
  const { contributions, base, said, unit, of } = explanation;
  const shown = contributions.slice(0, SHOWN);
  const rest = contributions.slice(SHOWN);
  const most = Math.max(...contributions.map((c) => Math.abs(c.contribution)), 1e-300);
  const words = unit === "target" ? target : unit;
  const what = of === undefined ? `raises ${target}` : `speaks for ${of}`;
  return (
    <>
      {reasons.length > 0 && (
        <ul className="reasons">
          {reasons.map((reason) => (
            <li key={reason}>{reason}</li>
          ))}
        </ul>
      )}
      <table className="why">
        <caption>
          On average it says {level(base, explanation)}
          {explanation.baseProbability !== undefined &&
            ` (a probability of ${percent(explanation.baseProbability)})`}
          ; about this row {level(said, explanation)}. To the right: {what}; to the left: the
          opposite. In {words}.
        </caption>
        <thead className="hidden">
          <tr>
            <th scope="col">Column</th>
            <th scope="col">Bar</th>
            <th scope="col">Added</th>
          </tr>
        </thead>
        <tbody>
          {shown.map(({ column, value, contribution, words: pushed }) => (
            <tr key={column}>
              <th scope="row">
                <code>{column}</code>
                <small title={asText(value)}>
                  {pushed && pushed.length > 0 ? pushed.join(", ") : asText(value)}
                </small>
              </th>
              <td aria-hidden="true">
                <span className={contribution < 0 ? "push against" : "push"}>
                  <i style={{ width: `${(50 * Math.abs(contribution)) / most}%` }} />
                </span>
              </td>
              <td className="number">{signed(contribution)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className="muted">
        {rest.length > 0 &&
          `${plural(rest.length, "more column")} together: ${signed(rest.reduce((sum, c) => sum + c.contribution, 0))}. `}
        {told(explanation)}
      </p>
    </>
  );
}

const level = (value: number, { unit }: Explanation): string =>
  unit === "probability" ? percent(value) : figure(value);

const signed = (value: number): string => (value > 0 ? `+${figure(value)}` : figure(value));

function told({ method, error, background, runs }: Explanation): string {
  const against = {
    training: "all training rows",
    rows: `${plural(background.rows, "training row")}`,
    missing: "a row without any value, for none were kept",
    zeros: "a row of zeros, for none were kept",
  }[background.kind];
  const exact =
    method === "permutation"
      ? `estimated from ${count(runs)} runs of the model, ± ${figure(error)}`
      : "exact";
  return `Shapley values, ${exact}, against ${against}. It says what drove the model, not what would change the world.`;
}

function asText(value: unknown): string {
  if (value === null || value === undefined || value === "") return "missing";
  return typeof value === "string" ? value : JSON.stringify(value);
}
