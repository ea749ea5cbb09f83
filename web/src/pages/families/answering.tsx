import type { FamilyMemberDetail } from "@millwright/sdk/contract/families";
import { Link, pathTo } from "../../location.tsx";
import { Badge } from "../../ui/badge.tsx";
import { Card } from "../../ui/card.tsx";
import { candidateText, levelName } from "./words.ts";

/** From the member up to the model everybody shares: who is asked for its rows. */
export function Answering({ model, member }: { model: string; member: FamilyMemberDetail }) {
  const { stands, above, candidate, version, values } = member;
  const first = stands ? -1 : above.findIndex((one) => one.stands === true);
  const open = !stands && above.some(({ name }) => name === null);
  return (
    <Card title="Who answers for its rows" aside="the first that has a model">
      <ol className="chain">
        <li>
          <b>{values.join(" · ")}</b>
          <span>
            {stands ? (
              <Badge tone="good">answers</Badge>
            ) : (
              <Badge tone="plain">no model of its own</Badge>
            )}
          </span>
          <small>
            {stands
              ? `version ${version?.number}: ${candidate}, ${candidateText(candidate)}`
              : "this member"}
          </small>
        </li>
        {above.map(({ level, columns, name, stands: own }, i) => (
          <li key={level}>
            <b className="clip">
              {name === null ? (
                levelName(columns)
              ) : own === null ? (
                name
              ) : (
                <Link to={pathTo.member(model, name)}>{name}</Link>
              )}
            </b>
            <span>
              {i === first && !open ? (
                <Badge tone="good">answers</Badge>
              ) : own === true ? (
                <Badge tone="plain">has a model</Badge>
              ) : (
                <Badge tone="plain">{name === null ? "by the row" : "no model of its own"}</Badge>
              )}
            </span>
            <small>
              {name === null
                ? "the values of each row say who"
                : own === null
                  ? "too few rows"
                  : levelName(columns)}
            </small>
          </li>
        ))}
        <li>
          <b>
            <Link to={pathTo.model(model)}>{model}</Link>
          </b>
          <span>
            {!stands && first < 0 && !open ? (
              <Badge tone="good">answers</Badge>
            ) : (
              <Badge tone="plain">in the end</Badge>
            )}
          </span>
          <small>the model everybody shares</small>
        </li>
      </ol>
    </Card>
  );
}
