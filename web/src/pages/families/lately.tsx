import type { FamilyMemberDetail } from "@millwright/sdk/contract/families";
import { Age } from "../../ui/age.tsx";
import { Badge } from "../../ui/badge.tsx";
import { Card } from "../../ui/card.tsx";
import { Facts } from "../../ui/facts.tsx";
import { count } from "../../ui/format.ts";
import { change, lossText, rateText } from "./words.ts";

/** How it did in the newest window of the log. */
export function Lately({ model, member }: { model: string; member: FamilyMemberDetail }) {
  const { watched, loss } = member;
  return (
    <Card title="Lately">
      {watched === null ? (
        <p className="muted">
          No window of the log has been compared with its test rows since it was trained. That needs
          predictions of {model} for it, and the truth about them (feedback).
        </p>
      ) : (
        <>
          <p className="conclusion">
            {watched.failing ? (
              <Badge tone="bad">worse than on its test rows</Badge>
            ) : (
              <Badge tone="good">as on its test rows</Badge>
            )}
          </p>
          <Facts
            of={[
              ["loss", `${lossText(watched.loss)} ${against(watched.loss, loss)}`],
              ["on its test rows", lossText(loss)],
              ["rows", count(watched.rows)],
              ["q", rateText(watched.q)],
              ["window’s end", <Age key="at" at={watched.at} />],
            ]}
          />
        </>
      )}
    </Card>
  );
}

function against(now: number, then: number | null): string {
  const text = change(now, then);
  return text === "" ? "" : `(${text})`;
}
