import type { ModelDetail } from "@millwright/sdk/contract/models";
import { api } from "../../api.ts";
import { go, pathTo } from "../../location.tsx";
import { Action } from "../../ui/action.tsx";

/** What a person can do with a model as a whole. */
export function ModelActions({ model, refresh }: { model: ModelDetail; refresh: () => void }) {
  const { rollbackTo } = model;
  return (
    <>
      {model.champion !== null && rollbackTo !== null && (
        <Action
          label="Roll back"
          title={`Roll ${model.name} back to version ${rollbackTo}?`}
          tone="danger"
          askReason
          command={`millwright rollback ${model.name}`}
          act={async (reason) => {
            await api.rollback({ model: model.name, ...(reason === undefined ? {} : { reason }) });
            refresh();
          }}
        >
          <p>
            Version {rollbackTo} answers again within seconds; version {model.champion.number} stays
            in the registry. No request is dropped.
          </p>
        </Action>
      )}
      {model.dataset !== null && (
        <Action
          label={model.versions === 0 ? "Train" : "Retrain"}
          title={`Train ${model.name} now?`}
          tone="primary"
          command={`millwright train ${model.name}`}
          act={async () => {
            const { runId } = await api.train({ model: model.name });
            go(pathTo.run(runId));
          }}
        >
          <p>
            Candidates race on the newest data. The best one becomes a version; it answers only if
            its gates allow it
            {model.champion !== null &&
              `, after it was compared with version ${model.champion.number}`}
            .
          </p>
        </Action>
      )}
    </>
  );
}
