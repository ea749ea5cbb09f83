import type { ModelDetail } from "@millwright/sdk/contract/models";
import type { RouteView } from "@millwright/sdk/contract/routing";
import { useState } from "react";
import { api } from "../../api.ts";
import { Action } from "../../ui/action.tsx";
import { Field } from "../../ui/field.tsx";
import { SplitAction } from "./split-action.tsx";

/** What a person can change about who answers. Refused when somebody else has changed the route meanwhile. */
export function RouteActions({
  model,
  route,
  changed,
}: {
  model: ModelDetail;
  route: RouteView;
  changed: () => void;
}) {
  const change = async (
    wish: Omit<Parameters<typeof api.changeRoute>[0], "model" | "revision" | "reason">,
    reason: string | undefined,
  ) => {
    await api.changeRoute({
      ...{ model: model.name, revision: route.revision, ...wish },
      ...(reason === undefined ? {} : { reason }),
    });
    changed();
  };
  return (
    <div className="actions">
      <SplitAction model={model} route={route} change={(split, why) => change({ split }, why)} />
      <FallbackAction
        key={route.revision}
        model={model.name}
        route={route}
        change={(fallback, deadlineMs, why) => change({ fallback, deadlineMs }, why)}
      />
      {route.split !== null && (
        <Action
          label="End the split"
          title={`End the split of ${model.name}?`}
          tone="danger"
          askReason
          command={`millwright route ${model.name} --off`}
          act={(reason) => change({ split: null }, reason)}
        >
          <p>Version {route.champion} answers everything again, within a second.</p>
        </Action>
      )}
    </div>
  );
}

function FallbackAction({
  model,
  route,
  change,
}: {
  model: string;
  route: RouteView;
  change: (
    fallback: string[] | null,
    deadlineMs: number | null,
    reason: string | undefined,
  ) => Promise<void>;
}) {
  const [fallback, setFallback] = useState(route.fallback.join(", "));
  const [deadline, setDeadline] = useState(route.deadlineMs === null ? "" : `${route.deadlineMs}`);
  const names = fallback
    .split(/[\s,]+/)
    .map((name) => name.trim())
    .filter(Boolean);
  const options = [
    `--fallback ${names.length === 0 ? "none" : names.join(",")}`,
    `--deadline ${deadline.trim() === "" ? "none" : `${deadline.trim()}ms`}`,
  ];
  return (
    <Action
      label="Fallback and deadline"
      title={`Who stands in for ${model}, and when?`}
      askReason
      command={`millwright route ${model} ${options.join(" ")}`}
      act={(reason) =>
        change(
          names.length === 0 ? null : names,
          deadline.trim() === "" ? null : Number(deadline),
          reason,
        )
      }
    >
      <p>
        When its version cannot answer, the first of these that can read the row does. With a
        deadline, also when the answer is not there in time.
      </p>
      <Field label="Models that stand in, the nearest first" hint="empty: nobody">
        <input
          value={fallback}
          placeholder="small, global"
          onChange={(event) => setFallback(event.target.value)}
        />
      </Field>
      <Field label="Deadline in milliseconds" hint="empty: none">
        <input
          type="number"
          min="1"
          step="any"
          value={deadline}
          onChange={(event) => setDeadline(event.target.value)}
        />
      </Field>
    </Action>
  );
}
