import type { Verdict } from "@millwright/sdk/contract/models";
import { Badge } from "../../ui/badge.tsx";

const TONE = { pass: "good", warn: "warn", fail: "bad" } as const;
const WORD = { pass: "passed", warn: "warning", fail: "failed" } as const;
const WORST = { fail: 0, warn: 1, pass: 2 } as const;

/** Every gate with its reason in words; failed ones first; and what the rows could not have shown. */
export function VerdictList({ verdict }: { verdict: Verdict }) {
  const gates = [...verdict.gates].sort((a, b) => WORST[a.outcome] - WORST[b.outcome]);
  return (
    <div className="verdict">
      <p>{verdict.summary}.</p>
      <ul>
        {gates.map((g) => (
          <li key={g.gate}>
            <Badge tone={TONE[g.outcome]}>{WORD[g.outcome]}</Badge>
            <span>
              <b>{g.gate.replaceAll("_", " ")}</b> {g.reason}
            </span>
          </li>
        ))}
      </ul>
      {verdict.unseen !== null && (
        <p className="muted">
          <b>What this could not have seen.</b> {verdict.unseen}
        </p>
      )}
    </div>
  );
}
