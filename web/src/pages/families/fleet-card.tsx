import type { FamilyLevel } from "@millwright/sdk/contract/families";
import { useDeferredValue, useMemo } from "react";
import { HeatMap } from "../../charts/heat-map.tsx";
import { go, Link, pathTo } from "../../location.tsx";
import { Card } from "../../ui/card.tsx";
import { Empty } from "../../ui/empty.tsx";
import { count, percent, plural } from "../../ui/format.ts";
import { cellsOf, type FleetMember, GAIN_STEPS } from "./fleet.ts";
import type { View } from "./view.ts";
import { levelName, type MemberState, STATES, signed } from "./words.ts";

const STATE: Readonly<Record<NonNullable<View["state"]>, MemberState>> = {
  ...{ standing: "stands", parent: "parent", failing: "failing" },
};

/** All members of a level at a glance; those that are not asked for are faint. */
export function FleetCard({
  model,
  level,
  members,
  error,
  view,
}: {
  model: string;
  level: FamilyLevel;
  members: readonly FleetMember[] | undefined;
  error: Error | undefined;
  view: View;
}) {
  const { colour } = view;
  // What is typed or chosen is shown at once; the map follows.
  const search = useDeferredValue(view.search);
  const state = useDeferredValue(view.state);
  const cells = useMemo(
    () =>
      cellsOf(members ?? [], {
        colour,
        search,
        state: state === undefined ? undefined : STATE[state],
      }),
    [members, colour, search, state],
  );
  const lit = cells.filter(({ dim }) => !dim).length;
  const title = `Fleet: ${levelName(level.columns)}`;
  if (members === undefined)
    return (
      <Card title={title}>
        <p className={error ? "bad-text" : "loading"} role="status">
          {error?.message ?? "Loading…"}
        </p>
      </Card>
    );
  if (members.length === 0)
    return (
      <Card title={title} flush>
        <Empty title="This level has no members.">
          {level.thin > 0
            ? `All ${count(level.thin)} have too few rows; their parents answer.`
            : "No row has values in all of its columns."}
        </Empty>
      </Card>
    );
  const summary = `${plural(members.length, "member")} of the level ${levelName(level.columns)}: ${count(level.standing)} stand alone, ${count(level.failing)} failing. Arrow keys read single members, Enter opens one.`;
  return (
    <Card
      title={title}
      aside={
        <>
          {lit < members.length ? `${count(lit)} of ` : ""}
          {plural(members.length, "member")}, most rows first
        </>
      }
    >
      <HeatMap
        cells={cells}
        summary={summary}
        open={(i) => go(pathTo.member(model, members[i]!.name))}
        told={(i) => <Told model={model} member={members[i]!} />}
        legend={<Legend colour={colour} members={members} />}
      />
    </Card>
  );
}

const Told = ({ model, member }: { model: string; member: FleetMember }) => {
  const { name, values, state, rows, gain } = member;
  return (
    <>
      <Link to={pathTo.member(model, name)} tabIndex={-1}>
        {values.join(" · ")}
      </Link>
      : {STATES[state].word}
      {gain !== null && `, loss ${signed(-gain)} against its parent’s`}, {plural(rows, "row")} to
      learn from
    </>
  );
};

const Legend = ({
  colour,
  members,
}: {
  colour: View["colour"];
  members: readonly FleetMember[];
}) => (
  <span className="heat-legend">
    <Key tone="parent">uses its parent</Key>
    {colour === "state" ? (
      <Key tone="gain-4">stands alone</Key>
    ) : (
      GAIN_STEPS.map((to, i) => (
        <Key key={to} tone={`gain-${i}`}>
          {i === 0
            ? `loss lower by less than ${percent(to)}`
            : to === Number.POSITIVE_INFINITY
              ? `${percent(GAIN_STEPS[i - 1]!)} or more`
              : `${percent(GAIN_STEPS[i - 1]!)} – ${percent(to)}`}
        </Key>
      ))
    )}
    {colour === "gain" && members.some(({ gain }) => gain !== null && gain < 0) && (
      <Key tone="loss">loss higher</Key>
    )}
    {members.some(({ state }) => state === "failing") && <Key tone="failing">failing</Key>}
  </span>
);

const Key = ({ tone, children }: { tone: string; children: React.ReactNode }) => (
  <span className="key">
    <svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">
      <path className={`heat-${tone}`} d="M0 0h12v12h-12z" />
    </svg>
    <span>{children}</span>
  </span>
);
