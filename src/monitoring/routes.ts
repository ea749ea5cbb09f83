import { incidents } from "../../sdk/src/contract/incidents.ts";
import type { Incident, Series } from "../../sdk/src/contract/shapes.ts";
import type { HttpRoute } from "../http/http.ts";
import { mount } from "../http/mount.ts";

export interface IncidentRoutesDeps {
  /** Newest first; of all models when none is named. */
  incidents(model?: string): Promise<readonly Incident[]>;
  /** One series per monitored quantity, windows in time order. */
  series(model: string): Promise<readonly Series[]>;
}

export const incidentRoutes = (deps: IncidentRoutesDeps): HttpRoute[] =>
  mount(incidents, {
    async incidents({ model, state }) {
      const all = await deps.incidents(model);
      return { incidents: all.filter((i) => state === undefined || i.state === state) };
    },
    async windows({ model }) {
      return { series: [...(await deps.series(model))] };
    },
  });
