import type { FamilyMemberDetail } from "@millwright/sdk/contract/families";
import { Badge } from "../../ui/badge.tsx";
import { Card } from "../../ui/card.tsx";
import { plural } from "../../ui/format.ts";
import { candidateText, lossText, signed } from "./words.ts";

/** Candidates of a member are compared on three parts of its rows, of each on 10,000 at most. */
const COMPARED = 30_000;

/** What competed, as bars from the parent's loss: to the right is better. */
export function Tried({ member }: { member: FamilyMemberDetail }) {
  const { tried, candidate, rows, stands } = member;
  const parent = tried.parent;
  const all = Object.entries(tried).sort(([, a], [, b]) => a - b);
  const most = Math.max(...all.map(([, loss]) => Math.abs(loss - (parent ?? loss)))) || 1;
  return (
    <Card title="What was tried">
      {all.length === 0 ? (
        <p className="muted">Nothing is kept of what was tried.</p>
      ) : (
        <table className="why tried">
          <caption>
            Mean loss on {rows > COMPARED ? "a sample of its rows" : plural(rows, "row")}, each
            scored by a model that had not learned from it. Bars show the difference to the parent:
            to the right is better.
          </caption>
          <tbody>
            {all.map(([name, loss]) => {
              const better = parent === undefined ? 0 : parent - loss;
              const share = (50 * Math.abs(better)) / most;
              return (
                <tr key={name}>
                  <th scope="row">
                    {name}
                    {name === candidate && name !== "parent" && (
                      <Badge tone={stands ? "good" : "plain"}>chosen</Badge>
                    )}
                    <small>{candidateText(name)}</small>
                  </th>
                  <td>
                    <span className={better < 0 ? "push against" : "push"}>
                      <i style={{ width: `${share}%` }} />
                    </span>
                  </td>
                  <td className="number">
                    {lossText(loss)}
                    <small>{better === 0 || !parent ? "\u00a0" : signed(-better / parent)}</small>
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      )}
      {all.length === 1 && (
        <p className="muted">No candidate but the parent: {member.reason ?? "too few rows"}.</p>
      )}
      {all.length > 1 && (
        <p className="prose muted">
          Of those within one standard error of the best, the simplest was taken and then compared
          with the parent on the test rows. Candidates that were hopeless on the first third are not
          listed.
        </p>
      )}
    </Card>
  );
}
