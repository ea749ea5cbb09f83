import type { FamilyLevel } from "@millwright/sdk/contract/families";
import { Card } from "../../ui/card.tsx";
import { count } from "../../ui/format.ts";
import { candidateText, levelName } from "./words.ts";

/** Which candidates those chose that stand alone. */
export function Winners({ level }: { level: FamilyLevel }) {
  const won = Object.entries(level.candidates).sort(([, a], [, b]) => b - a);
  const all = [...won, ["parent", level.members - level.standing] as const];
  const most = Math.max(1, ...all.map(([, members]) => members));
  return (
    <Card title="What answers" aside={levelName(level.columns)}>
      <ul className="chances winners">
        {all.map(([candidate, members]) => (
          <li key={candidate}>
            <span className="name">
              {candidate}
              <small>{candidateText(candidate)}</small>
            </span>
            <span className={candidate === "parent" ? "meter quiet-meter" : "meter"}>
              <i style={{ width: `${(100 * members) / most}%` }} />
            </span>
            <span className="number">{count(members)}</span>
          </li>
        ))}
      </ul>
    </Card>
  );
}
