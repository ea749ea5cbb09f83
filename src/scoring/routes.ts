import type { z } from "zod";
import type { OutputOf } from "../../sdk/src/contract/endpoint.ts";
import { type scoring as contract, scoring } from "../../sdk/src/contract/scoring.ts";
import type { HttpRoute } from "../http/http.ts";
import { mount } from "../http/mount.ts";

export type ScoreRequest = z.output<(typeof contract)["score"]["input"]>;

export interface ScoringRoutesDeps {
  /** Checks that the source lies in the project and submits the run. */
  score(request: ScoreRequest): Promise<OutputOf<(typeof contract)["score"]>>;
}

/** Batches asked for over HTTP. */
export const scoringRoutes = (deps: ScoringRoutesDeps): HttpRoute[] =>
  mount(scoring, { score: (request) => deps.score(request) });
