import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { IncidentShape, SeriesShape } from "./shapes.ts";

export const incidents = {
  incidents: endpoint({
    method: "GET",
    path: "/api/incidents",
    summary: "Incidents, newest first.",
    input: z.object({
      model: z.string().max(100).optional(),
      state: z.enum(["open", "resolved"]).optional(),
    }),
    output: z.object({ incidents: z.array(IncidentShape) }),
  }),
  windows: endpoint({
    method: "GET",
    path: "/api/models/{model}/windows",
    summary: "What monitoring measured, window by window.",
    input: z.object({ model: z.string().min(1).max(100) }),
    output: z.object({ series: z.array(SeriesShape) }),
  }),
};
