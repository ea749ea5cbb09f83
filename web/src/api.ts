import { client } from "@millwright/sdk";
import { datasets } from "@millwright/sdk/contract/datasets";
import { experiments } from "@millwright/sdk/contract/experiments";
import { families } from "@millwright/sdk/contract/families";
import { incidents } from "@millwright/sdk/contract/incidents";
import { models } from "@millwright/sdk/contract/models";
import { pipelines } from "@millwright/sdk/contract/pipelines";
import { predictions } from "@millwright/sdk/contract/predictions";
import { routing } from "@millwright/sdk/contract/routing";
import { runs } from "@millwright/sdk/contract/runs";
import { trying } from "@millwright/sdk/contract/trying";

const TOKEN = "millwright.token";

/** Kept for this browser tab only. */
export const keepToken = (token: string): void => sessionStorage.setItem(TOKEN, token);

const token = sessionStorage.getItem(TOKEN);
/** Whether this server wants one. */
export const hasToken = token !== null;

export const api = client(
  {
    ...{ ...models, ...runs, ...experiments, ...datasets, ...incidents },
    ...{ ...routing, ...predictions, ...trying, ...families, ...pipelines },
  },
  { url: location.origin, ...(token ? { token } : {}) },
);

/** Has the browser keep a file of a run's artifacts. A link would come without the token. */
export async function saveArtifact(run: string, path: string): Promise<void> {
  const query = new URLSearchParams({ run_id: run, path });
  const answer = await fetch(`/get-artifact?${query}`, {
    headers: token ? { authorization: `Bearer ${token}` } : {},
  });
  if (!answer.ok) throw new Error(`The server answered ${answer.status}.`);
  const link = document.createElement("a");
  // Of a type that it knows, the browser would change the name: MLmodel.txt.
  const type = "application/octet-stream";
  link.href = URL.createObjectURL(new Blob([await answer.arrayBuffer()], { type }));
  link.download = path.split("/").at(-1)!;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
