import { z } from "zod";
import type { HttpRoute } from "../../../http/http.ts";
import type { Clock } from "../../../lib/clock.ts";
import { invalidParameter } from "../../mlflow/errors.ts";
import { absent, text } from "../../mlflow/fields.ts";
import { rpc, rpcRoutes } from "../../mlflow/rpc.ts";
import { hexId } from "../../runs/hex-id.ts";
import { auditView } from "../audited.ts";
import { checkedWhich, freeName, idOrName, nameTaken, notFound, texts } from "../names.ts";
import type { LlmSecret, LlmSecretStore } from "./store.ts";

export interface LlmSecretRoutesDeps {
  readonly secrets: LlmSecretStore;
  readonly clock: Clock;
  chance(): number;
}

const AT = "/gateway/secrets";

/** Keys of providers of language models. What they are goes in and never comes out. */
export function llmSecretRoutes({ secrets, clock, chance }: LlmSecretRoutesDeps): HttpRoute[] {
  return rpcRoutes([
    rpc({
      ...{ method: "POST", path: `${AT}/create`, version: 3, summary: "keeps a secret" },
      input: z.object({
        ...{ secret_name: freeName(), secret_value: texts(), auth_config: absent(texts()) },
        ...{ provider: absent(text()), created_by: absent(text()) },
      }),
      async handle({ secret_name: name, secret_value: values, auth_config, provider, created_by }) {
        const secret = await secrets.add({
          ...{ id: `s-${hexId(chance)}`, name, values: someValues(values) },
          ...{ provider: provider || undefined, authConfig: auth_config ?? {} },
          ...{ by: created_by || undefined, at: clock.now() },
        });
        if (secret === undefined) throw nameTaken("Secret", name);
        return { body: { secret: secretView(secret) } };
      },
    }),
    rpc({
      ...{ method: "GET", path: `${AT}/get`, version: 3, summary: "what a secret is for" },
      input: z.object(idOrName("secret_id", "secret_name")),
      async handle({ secret_id: id, secret_name: name }) {
        const secret = await secrets.find(checkedWhich("secret_id", id, "secret_name", name));
        if (secret === undefined)
          throw id ? noSecret(id) : notFound("GatewaySecret", `secret_name='${name}'`);
        return { body: { secret: secretView(secret) } };
      },
    }),
    rpc({
      ...{ method: "POST", path: `${AT}/update`, version: 3, summary: "changes a secret" },
      input: z.object({
        ...{ secret_id: text(1), secret_value: absent(texts()), auth_config: absent(texts()) },
        updated_by: absent(text()),
      }),
      async handle({ secret_id: id, secret_value: values, auth_config, updated_by }) {
        const secret = await secrets.change(id, {
          ...{ values: unlessEmpty(values), authConfig: unlessEmpty(auth_config) },
          ...{ by: updated_by || undefined, at: clock.now() },
        });
        if (secret === undefined) throw noSecret(id);
        return { body: { secret: secretView(secret) } };
      },
    }),
    rpc({
      ...{ method: "DELETE", path: `${AT}/delete`, version: 3, summary: "deletes a secret" },
      input: z.object({ secret_id: text(1) }),
      async handle({ secret_id: id }) {
        if (!(await secrets.delete(id))) throw noSecret(id);
        return {};
      },
    }),
    rpc({
      ...{ method: "GET", path: `${AT}/list`, version: 3, summary: "what secrets there are" },
      input: z.object({ provider: absent(text()) }),
      async handle({ provider }) {
        const found = await secrets.list(provider || undefined);
        return { body: found.length === 0 ? {} : { secrets: found.map(secretView) } };
      },
    }),
    rpc({
      ...{ method: "GET", path: `${AT}/config`, version: 3 },
      summary: "whether secrets can be kept",
      input: z.object({}),
      // The key is random, in the data folder, or the operator's: never one that everybody knows.
      handle: () => ({ body: { secrets_available: true, using_default_passphrase: false } }),
    }),
  ]);
}

type Texts = Readonly<Record<string, string>>;

/** Clients leave a map out by sending an empty one. */
const unlessEmpty = (given: Texts | undefined): Texts | undefined =>
  given && Object.keys(given).length > 0 ? given : undefined;

function someValues(values: Texts): Texts {
  if (Object.keys(values).length > 0) return values;
  throw invalidParameter("Missing value for required parameter 'secret_value'.");
}

const noSecret = (id: string): Error => notFound("GatewaySecret", `secret_id='${id}'`);

const secretView = (secret: LlmSecret) => ({
  ...{ secret_id: secret.id, secret_name: secret.name, masked_values: secret.masked },
  ...(secret.provider === null ? {} : { provider: secret.provider }),
  ...(Object.keys(secret.auth_config).length === 0 ? {} : { auth_config: secret.auth_config }),
  ...auditView(secret),
});
