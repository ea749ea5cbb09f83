import type { FamilyView } from "@millwright/sdk/contract/families";
import { api } from "../../api.ts";
import { go, pathTo } from "../../location.tsx";
import { Action } from "../../ui/action.tsx";
import { count, duration, plural } from "../../ui/format.ts";
import { retrainCommand, sumOf } from "./words.ts";

const MOST_NAMED = 10_000;

/** Trains members again: those that fail, or all. */
export function FamilyActions({ family, refresh }: { family: FamilyView; refresh: () => void }) {
  const { model, levels, trainings } = family;
  const failing = sumOf(levels, "failing");
  const whole = trainings.find(({ under }) => under === null);
  const started = (runId: string) => {
    refresh();
    go(pathTo.run(runId));
  };
  return (
    <>
      {failing > 0 && (
        <Action
          label={`Retrain ${failing === 1 ? "the failing one" : `${count(failing)} failing`}`}
          title={`Train ${plural(failing, "failing member")} of ${model} again?`}
          tone="primary"
          command={retrainCommand(model, [], failing)}
          act={async () => {
            const found = await api.members({ model, failing: true, limit: MOST_NAMED });
            const members = found.members.map(({ name }) => name);
            if (members.length === 0) throw new Error("No member is failing any more.");
            started((await api.trainMembers({ model, members })).runId);
          }}
        >
          <p>
            They learn from the newest rows under the parents there are. Each stands alone again
            only if it is shown to be better than its parent; all others stay as they are.
          </p>
        </Action>
      )}
      <Action
        label="Retrain all members"
        title={`Train all members of ${model} again?`}
        tone={failing > 0 ? "plain" : "primary"}
        command={`millwright train ${model} --members`}
        act={async () => started((await api.trainMembers({ model })).runId)}
      >
        <p>
          All levels on the newest rows, under the champion there is; the model everybody shares
          stays.
          {whole !== undefined &&
            ` The last time it took ${duration(1000 * whole.seconds)} for ${plural(whole.members, "member")}.`}
        </p>
      </Action>
    </>
  );
}
