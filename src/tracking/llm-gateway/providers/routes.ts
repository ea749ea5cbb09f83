import { z } from "zod";
import type { HttpRoute } from "../../../http/http.ts";
import { text } from "../../mlflow/fields.ts";
import { rpc, rpcRoutes } from "../../mlflow/rpc.ts";
import { authModesOf } from "./auth-modes.ts";

export const llmProviderRoutes = (): HttpRoute[] =>
  rpcRoutes([
    rpc({
      ...{ method: "GET", path: "/gateway/provider-config", version: 3 },
      summary: "how a provider of language models wants to be called",
      input: z.object({ provider: text(1) }),
      handle({ provider }) {
        const modes = authModesOf(provider);
        return { body: { auth_modes: modes, default_mode: modes[0]!.mode } };
      },
    }),
  ]);
