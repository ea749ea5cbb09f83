import type { ModelDetail } from "@millwright/sdk/contract/models";
import { Link, pathTo } from "../../location.tsx";
import { Age } from "../../ui/age.tsx";
import { Badge } from "../../ui/badge.tsx";
import { Card } from "../../ui/card.tsx";
import { Empty } from "../../ui/empty.tsx";
import { moment } from "../../ui/format.ts";
import { VerdictList } from "./verdict.tsx";

/** Every move of an alias with the reason it was made for. */
export function History({ model }: { model: ModelDetail }) {
  if (model.moves.length === 0)
    return (
      <Empty title="No alias has moved.">
        When a version becomes champion or challenger, or is rolled back, the move and the verdict
        that allowed it are kept here.
      </Empty>
    );
  return (
    <Card title="Who answered, and why it changed">
      <ol className="moves">
        {model.moves.map((move) => (
          <li key={`${move.at} ${move.alias} ${move.version}`}>
            <p className="move">
              <Badge tone={move.alias === "champion" ? "good" : "live"}>{move.alias}</Badge>
              <b>
                {move.version === null
                  ? `taken from version ${move.previous}`
                  : move.previous === null
                    ? `version ${move.version}`
                    : `version ${move.previous} → ${move.version}`}
              </b>
              <span className="muted" title={moment(move.at)}>
                <Age at={move.at} />
              </span>
              {move.runId !== null && <Link to={pathTo.run(move.runId)}>run</Link>}
            </p>
            <p>{move.reason}</p>
            {move.verdict && (
              <details>
                <summary>Its verdict on held-out rows</summary>
                <VerdictList verdict={move.verdict} />
              </details>
            )}
          </li>
        ))}
      </ol>
    </Card>
  );
}
