import type { FamilyLevel, FamilyView } from "@millwright/sdk/contract/families";
import { Link, withQuery } from "../../location.tsx";
import { Badge } from "../../ui/badge.tsx";
import { Card } from "../../ui/card.tsx";
import { bytes, count, percent } from "../../ui/format.ts";
import { change, levelName, lossText } from "./words.ts";

/** From the finest level to the coarsest: who stands, and what it gains. The chosen one is shown below. */
export function LevelTable({ family, chosen }: { family: FamilyView; chosen: number }) {
  const { levels, enough } = family;
  return (
    <Card title="Levels" aside="a row is answered by the first level that has a model for it" flush>
      <div className="scroll">
        <table className="rows folds levels">
          <thead>
            <tr>
              <th scope="col">Level</th>
              <th scope="col" className="number">
                Members
              </th>
              <th scope="col" className="number">
                Stand alone
              </th>
              <th scope="col">Failing</th>
              <th scope="col" className="number">
                Loss, and against parents’
              </th>
              <th scope="col" className="number">
                Test rows
              </th>
              <th scope="col" className="number">
                Too thin
              </th>
              <th scope="col" className="number">
                Files
              </th>
            </tr>
          </thead>
          <tbody>
            {levels.map((level) => (
              <Row
                key={level.level}
                level={level}
                chosen={levels.length > 1 && level.level === chosen}
                one={levels.length === 1}
              />
            ))}
          </tbody>
        </table>
      </div>
      <p className="foot muted">
        {levels.length > 1 && "The chosen level is shown below. "}
        Too thin: fewer than {count(enough.shrink)} rows to learn from; they are no members, their
        parents answer. Who stands alone was chosen on the same test rows, so gains flatter a
        little.
      </p>
    </Card>
  );
}

function Row({ level: l, chosen, one }: { level: FamilyLevel; chosen: boolean; one: boolean }) {
  const to = withQuery({ level: l.level === 0 ? undefined : String(l.level), page: undefined });
  return (
    <tr className={chosen ? "shown" : undefined}>
      <th scope="row">
        {one ? (
          levelName(l.columns)
        ) : (
          <Link to={to} aria-current={chosen ? "true" : undefined}>
            {levelName(l.columns)}
          </Link>
        )}
        <small>level {l.level}</small>
      </th>
      <td className="number" data-label="Members">
        {count(l.members)}
      </td>
      <td className="number" data-label="Stand alone">
        {count(l.standing)}
        {l.members > 0 && <small>{percent(l.standing / l.members)}</small>}
      </td>
      <td data-label="Failing">
        {l.failing === 0 ? (
          <span className="muted">none</span>
        ) : (
          <Badge tone="bad">{count(l.failing)}</Badge>
        )}
      </td>
      <td className="number" data-label="Loss">
        {lossText(l.loss)}
        <small>{change(l.loss, l.parentLoss) || (l.loss === null ? "" : "as the parents’")}</small>
      </td>
      <td className="number" data-label="Test rows">
        {count(l.testRows)}
      </td>
      <td className="number" data-label="Too thin">
        {count(l.thin)}
      </td>
      <td className="number" data-label="Files">
        {l.bytes === 0 ? "–" : bytes(l.bytes)}
      </td>
    </tr>
  );
}
