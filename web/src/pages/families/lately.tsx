import type { FamilyMemberDetail } from "@millwright/sdk/contract/families";
import { Age } from "../../ui/age.tsx";
import { Badge } from "../../ui/badge.tsx";
import { Card } from "../../ui/card.tsx";
import { Facts } from "../../ui/facts.tsx";
import { count } from "../../ui/format.ts";
import { change, lossText, rateText } from "./words.ts";

/** How it did in the newest window of the log. */
export function Lately({ model, member }: { model: string; member: FamilyMemberDetail }) {
  const { watched, expected } = member;
  return (
    <Card title="Lately">
      {watched === null ? (
        <p className="muted">
          No window of the log has been compared since it was trained. That needs 15 predictions of{" "}
          {model} for it whose truth became known (feedback), and as many rows it had not learned
          from.
        </p>
      ) : (
        <>
          <p className="conclusion">
            {watched.failing ? (
              <Badge tone="bad">worse than expected</Badge>
            ) : (
              <Badge tone="good">as expected</Badge>
            )}
          </p>
          <Facts
            of={[
              ["loss", `${lossText(watched.loss)} ${against(watched.loss, expected)}`],
              ["on rows it had not learned from", lossText(expected)],
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
