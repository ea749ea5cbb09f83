import type { FamilyMemberDetail } from "@millwright/sdk/contract/families";
import { api } from "../../api.ts";
import { useLive } from "../../live.ts";
import { Link, pathTo } from "../../location.tsx";
import { Card } from "../../ui/card.tsx";
import { Command } from "../../ui/command.tsx";
import { Facts } from "../../ui/facts.tsx";
import { duration } from "../../ui/format.ts";
import { RouteHistory } from "../serving/route-history.tsx";

const EVERY_MS = 10_000;

/** The route of a member that has a model, under its own name: it can be asked directly as well. */
export function MemberRoute({ model, member }: { model: string; member: FamilyMemberDetail }) {
  const { name, stands } = member;
  const live = useLive(
    `route history ${name}`,
    () => api.routeHistory({ model: name, limit: 20 }),
    EVERY_MS,
  );
  const revisions = live.data?.revisions ?? [];
  const [last] = revisions;
  const served = last !== undefined && (last.champion !== null || last.fallback.length > 0);
  if (live.data === undefined) return null;
  return (
    <>
      <Card title="Its route" {...(served ? { aside: `revision ${last.revision}` } : {})}>
        {served ? (
          <>
            <Facts
              of={[
                ["asked as", <code key="name">{name}</code>],
                ["answers", last.champion === null ? "its fallback" : `version ${last.champion}`],
                [
                  "stand in for it",
                  last.fallback.length === 0
                    ? "nobody"
                    : last.fallback.map((other, i) => (
                        <span key={other}>
                          {i > 0 && ", "}
                          <Link to={pathTo.model(other, "serving")}>{other}</Link>
                        </span>
                      )),
                ],
                ...(last.deadlineMs === null
                  ? []
                  : ([["deadline", duration(last.deadlineMs)]] as const)),
              ]}
            />
            <p className="same">
              <span>The same from a terminal</span>
              <Command text={`millwright route ${name}`} />
            </p>
          </>
        ) : (
          <p className="muted">
            {stands
              ? "It has no route: its model is not served."
              : "Without a model of its own it has no route, and needs none."}{" "}
            Rows are sent to <Link to={pathTo.model(model, "serving")}>{model}</Link>, which finds
            who answers.
          </p>
        )}
      </Card>
      {revisions.length > 1 && (
        <RouteHistory model={name} revisions={revisions} served={null} changed={live.refresh} />
      )}
    </>
  );
}
