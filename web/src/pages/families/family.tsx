import type { FamilyFleet, FamilyView } from "@millwright/sdk/contract/families";
import { useMemo } from "react";
import { api } from "../../api.ts";
import { type Live, useLast, useLive } from "../../live.ts";
import { Link, pathTo, useQuery } from "../../location.tsx";
import { Badge } from "../../ui/badge.tsx";
import { Empty } from "../../ui/empty.tsx";
import { count } from "../../ui/format.ts";
import { Page, Pending } from "../../ui/page.tsx";
import { FamilyActions } from "./family-actions.tsx";
import { membersOf } from "./fleet.ts";
import { FleetCard } from "./fleet-card.tsx";
import { Gains } from "./gains.tsx";
import { LevelTable } from "./level-table.tsx";
import { MemberFilters } from "./member-filters.tsx";
import { MemberTable } from "./member-table.tsx";
import { Notices } from "./notices.tsx";
import { Trainings } from "./trainings.tsx";
import { viewIn } from "./view.ts";
import { Winners } from "./winners.tsx";
import { headline, sumOf } from "./words.ts";

const EVERY_MS = 5000;

/** Is anything wrong with the models of many members, why, and what to do. */
export function FamilyPage({ model }: { model: string }) {
  const live = useLive(`family ${model}`, () => api.family({ model }), EVERY_MS);
  if (live.data) return <Shown family={live.data} live={live} />;
  return live.error === undefined ? (
    <Pending live={live} title={model} />
  ) : (
    <Page eyebrow={<Link to={pathTo.families()}>Families</Link>} title={model}>
      <Empty title="This family could not be shown.">{live.error.message}</Empty>
    </Page>
  );
}

/** The fleets looked at last: who goes back to a level waits for nobody. */
const kept = new Map<string, FamilyFleet>();
const MOST_KEPT = 8;

/**
 * All members of a level. It is large, so it is asked for once for each state of the members.
 * @param mark another one, when something has happened to them.
 */
function useFleet(model: string, level: number, mark: string) {
  const of = `fleet ${model} ${level}`;
  const key = `${of} ${mark}`;
  const load = async () => {
    const fleet = kept.get(key) ?? (await api.fleet({ model, level }));
    kept.delete(key);
    kept.set(key, fleet);
    if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value!);
    return fleet;
  };
  const { data, error } = useLive(key, load, Number.POSITIVE_INFINITY);
  return { fleet: useLast(of, data ?? kept.get(key)), error };
}

function Shown({ family, live }: { family: FamilyView; live: Live<FamilyView> }) {
  const { model, levels, trainings, watchedAt } = family;
  const query = useQuery();
  const view = viewIn(query, levels.length);
  const failing = sumOf(levels, "failing");
  const level = levels[view.level]!;
  const { number, createdAt } = trainings[0] ?? {};
  const asked = useFleet(model, view.level, `${number} ${createdAt} ${watchedAt} ${failing}`);
  const members = useMemo(() => asked.fleet && membersOf(asked.fleet), [asked.fleet]);
  return (
    <Page
      eyebrow={
        <>
          <Link to={pathTo.families()}>Families</Link>
          {failing === 0 ? (
            <Badge tone="good">none fails</Badge>
          ) : (
            <Badge tone="bad">{count(failing)} failing</Badge>
          )}
        </>
      }
      title={model}
      lead={
        <>
          {headline(family)} The model itself is <Link to={pathTo.model(model)}>{model}</Link>.
        </>
      }
      actions={<FamilyActions family={family} refresh={live.refresh} />}
    >
      <div className="stack">
        <Notices family={family} />
        <LevelTable family={family} chosen={view.level} />
        <MemberFilters key={model} view={view} />
        <FleetCard model={model} level={level} members={members} error={asked.error} view={view} />
        <div className="columns">
          <Gains level={level} members={members} />
          <Winners level={level} />
        </div>
        <MemberTable model={model} view={view} level={level} />
        <Trainings trainings={trainings} model={model} />
      </div>
    </Page>
  );
}
