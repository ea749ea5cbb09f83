import { predictions } from "../../../sdk/src/contract/predictions.ts";
import { MillwrightError } from "../../errors.ts";
import type { HttpRoute } from "../../http/http.ts";
import { mount } from "../../http/mount.ts";
import type { Digest } from "../../lib/digest.ts";
import { parseTime } from "../../table/time.ts";
import type { Volume } from "../segment.ts";
import type { FoundPrediction } from "./find-prediction.ts";
import type { LogPage, PageQuery } from "./page-log.ts";
import { ANSWERING, type LogQuery, VARIANTS } from "./query.ts";
import type { TrafficProfile } from "./traffic-profile.ts";
import { predictionDetail, predictionView, trafficView, volumeHours } from "./view.ts";
import type { ProfileQuery } from "./window-profile.ts";

export interface PredictionRoutesDeps {
  page(query: PageQuery): Promise<LogPage>;
  find(query: {
    readonly model: string;
    readonly id: string;
  }): Promise<FoundPrediction | undefined>;
  profile(query: ProfileQuery): Promise<TrafficProfile>;
  volumes(model: string, from: number, to: number): Promise<readonly Volume[]>;
  unmatched(model: string): Promise<number>;
  erase(input: {
    readonly model: string;
    readonly key: string;
    readonly reason: string;
  }): Promise<{ readonly predictions: number; readonly keyDigest: Digest }>;
  versions(model: string): Promise<readonly { readonly id: Digest; readonly number: number }[]>;
  /** Throws `not_found` when there is no such version. */
  version(model: string, name: string): Promise<Digest>;
}

interface GivenFilter {
  readonly model: string;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly version?: string | undefined;
  readonly variant?: (typeof VARIANTS)[number] | "all" | undefined;
}

export function predictionRoutes(deps: PredictionRoutesDeps): HttpRoute[] {
  const numbersOf = async (model: string) =>
    new Map((await deps.versions(model)).map(({ id, number }) => [id, number]));
  const filterOf = async (given: GivenFilter): Promise<ProfileQuery & LogQuery> => ({
    model: given.model,
    ...windowOf(given),
    version:
      given.version === undefined ? undefined : await deps.version(given.model, given.version),
    variant: given.variant === "all" ? VARIANTS : (given.variant ?? ANSWERING),
  });
  return mount(predictions, {
    async predictions({ key, label, abstained, withTruth, order, limit, cursor, ...given }) {
      const { predictions: found, next } = await deps.page({
        ...(await filterOf(given)),
        ...{ key, label, abstained, withFeedback: withTruth, order, limit, after: cursor },
      });
      const numbers = await numbersOf(given.model);
      return { predictions: found.map((p) => predictionView(p, numbers)), next: next ?? null };
    },
    async prediction({ model, id }) {
      const found = await deps.find({ model, id });
      if (found) return predictionDetail(found, await numbersOf(model));
      throw new MillwrightError(
        "not_found",
        `The log of ${model} has no prediction ${JSON.stringify(id)}. A gateway on another machine may not have shipped it yet (a minute or two), or it is expired.`,
      );
    },
    erasePredictions: (input) => deps.erase(input),
    async volume(given) {
      const { from, to } = windowOf(given);
      const volumes = await deps.volumes(given.model, from, to);
      return {
        hours: volumeHours(volumes),
        unmatchedFeedback: await deps.unmatched(given.model),
      };
    },
    traffic: async (given) => trafficView(await deps.profile(await filterOf(given))),
  });
}

function windowOf({ from, to }: Pick<GivenFilter, "from" | "to">): { from: number; to: number } {
  return {
    from: from === undefined ? Number.MIN_SAFE_INTEGER : timeOf("from", from),
    to: to === undefined ? Number.MAX_SAFE_INTEGER : timeOf("to", to),
  };
}

function timeOf(name: string, text: string): number {
  const ms = /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : parseTime(text) * 1000;
  if (Number.isFinite(ms)) return ms;
  throw new MillwrightError(
    "invalid_input",
    `${name}: ${JSON.stringify(text)} should be ISO 8601 text or milliseconds since 1970.`,
  );
}
