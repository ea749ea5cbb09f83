import type { RouteRevisionView, RouteView } from "@millwright/sdk/contract/routing";
import { api } from "../../api.ts";
import { Link, pathTo } from "../../location.tsx";
import { Action } from "../../ui/action.tsx";
import { Age } from "../../ui/age.tsx";
import { Card } from "../../ui/card.tsx";
import { duration } from "../../ui/format.ts";

/** Every change of the route: what, who, why and when; a former one can be taken up again. */
export function RouteHistory({
  model,
  revisions,
  served,
  changed,
}: {
  model: string;
  revisions: readonly RouteRevisionView[];
  served: RouteView | null;
  changed: () => void;
}) {
  return (
    <Card title="How the route changed">
      <ol className="moves">
        {revisions.map((revision, i) => (
          <li key={revision.revision}>
            <p className="move">
              <b>Revision {revision.revision}</b>
              <span className="muted">
                <Age at={revision.changedAt} />
              </span>
              {revision.by !== "" && <By by={revision.by} />}
              {i > 0 && served !== null && differs(revision, revisions[0]!) && (
                <Action
                  label="Take up again"
                  title={`Route ${model} as at revision ${revision.revision}?`}
                  askReason
                  command={`millwright route ${model} --undo ${revision.revision}`}
                  act={async (reason) => {
                    await api.undoRoute({
                      ...{ model, revision: revision.revision },
                      ...(reason === undefined ? {} : { reason }),
                    });
                    changed();
                  }}
                >
                  <p>
                    Then: {inWords(revision)}. Split, fallbacks and deadline become what they were;
                    the champion stays.
                  </p>
                </Action>
              )}
            </p>
            <p>{revision.reason}</p>
            <p className="muted">{inWords(revision)}</p>
          </li>
        ))}
      </ol>
    </Card>
  );
}

const By = ({ by }: { by: string }) =>
  by.startsWith("run_") ? (
    <Link to={pathTo.run(by)}>by a run</Link>
  ) : (
    <span className="muted">
      by {by === "control" ? "a person, over the API" : `a person, ${by}`}
    </span>
  );

/** Undoing changes split, fallbacks and deadline, and nothing else. */
const differs = (a: RouteRevisionView, b: RouteRevisionView): boolean =>
  a.split !== b.split || a.fallback.join() !== b.fallback.join() || a.deadlineMs !== b.deadlineMs;

function inWords({ champion, shadow, split, fallback, deadlineMs }: RouteRevisionView): string {
  const parts = [
    champion === null ? "no version of its own" : `version ${champion} champion`,
    ...(shadow === null ? [] : [`version ${shadow} in shadow`]),
    ...(split === null ? [] : [split]),
    ...(fallback.length === 0 ? [] : [`fallback ${fallback.join(" → ")}`]),
    ...(deadlineMs === null ? [] : [`deadline ${duration(deadlineMs)}`]),
  ];
  return parts.join(" · ");
}
