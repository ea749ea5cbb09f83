import type { ModelDetail } from "@millwright/sdk/contract/models";
import type { ModelInputs } from "@millwright/sdk/contract/trying";
import { api } from "../../api.ts";
import { type Live, useLive } from "../../live.ts";

/** What a version takes and says (the champion, else the newest, when none is named). It never changes, so it is asked once. */
export function useInputs(model: ModelDetail, version?: string): Live<ModelInputs | null> {
  const named = version ?? String(model.champion?.number ?? model.history[0]?.number ?? "");
  return useLive(
    `inputs ${model.name} ${named}`,
    async () => (named === "" ? null : api.inputs({ model: model.name, version: named })),
    Number.POSITIVE_INFINITY,
  );
}
