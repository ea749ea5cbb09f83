import type { FamilyLevel } from "@millwright/sdk/contract/families";
import { BinsChart } from "../../charts/bins-chart.tsx";
import { Card } from "../../ui/card.tsx";
import { count, percent, plural } from "../../ui/format.ts";
import { type FleetMember, gainBins, medianGain } from "./fleet.ts";
import { levelName } from "./words.ts";

/** How much of their parent's loss those save that stand alone. */
export function Gains({
  level,
  members,
}: {
  level: FamilyLevel;
  members: readonly FleetMember[] | undefined;
}) {
  const bins = gainBins(members ?? []);
  const median = medianGain(members ?? []);
  const standing = bins.reduce((sum, bin) => sum + bin.count, 0);
  return (
    <Card title="What members gain" aside={levelName(level.columns)}>
      {median === undefined ? (
        <p className="muted">
          {members === undefined ? "Loading…" : "No member of this level stands alone."}
        </p>
      ) : (
        <BinsChart
          bins={bins}
          name={(border) => percent(border)}
          told={({ from, to, count: n }) =>
            `${plural(n, "member")} with ${percent(from)} to ${percent(to)} less loss than the parent`
          }
          summary={`Gains of ${plural(standing, "member")} that stand alone. Arrow keys read single bars.`}
          legend={`Share of the parent’s loss that is saved, ${count(standing)} that stand alone · half save ${percent(median)} or more`}
        />
      )}
    </Card>
  );
}
