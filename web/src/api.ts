import { client } from "@millwright/sdk";
import { datasets } from "@millwright/sdk/contract/datasets";
import { incidents } from "@millwright/sdk/contract/incidents";
import { models } from "@millwright/sdk/contract/models";
import { predictions } from "@millwright/sdk/contract/predictions";
import { routing } from "@millwright/sdk/contract/routing";
import { runs } from "@millwright/sdk/contract/runs";
import { trying } from "@millwright/sdk/contract/trying";

const TOKEN = "millwright.token";

/** Kept for this browser tab only. */
export const keepToken = (token: string): void => sessionStorage.setItem(TOKEN, token);

const token = sessionStorage.getItem(TOKEN);

export const api = client(
  { ...models, ...runs, ...datasets, ...incidents, ...routing, ...predictions, ...trying },
  { url: location.origin, ...(token ? { token } : {}) },
);
