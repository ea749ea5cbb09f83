import { z } from "zod";
import type { HttpRoute } from "../../http/http.ts";
import type { Clock } from "../../lib/clock.ts";
import { doesNotExist, invalidParameter } from "../mlflow/errors.ts";
import { absent, double, integer, list, text } from "../mlflow/fields.ts";
import { checkLength } from "../mlflow/names.ts";
import { type Rpc, rpc, rpcRoutes } from "../mlflow/rpc.ts";
import { hexId } from "../runs/hex-id.ts";
import { parseFilter } from "../search/filter.ts";
import { TRACES } from "../search/kinds.ts";
import { experimentId, experimentNumber } from "../traces/read-trace.ts";
import { type WhyNotKeptDeps, whyNotKept } from "../traces/why-not-kept.ts";
import {
  currentText,
  endpointOf,
  modelOf,
  onlineScoringView,
  readScorer,
  scorerView,
} from "./scorer.ts";
import type { ScorerStore } from "./store.ts";

export interface ScorerRoutesDeps extends WhyNotKeptDeps {
  readonly scorers: ScorerStore;
  readonly clock: Clock;
  chance(): number;
}

const NAME_LENGTH = 250;

const named = () => ({ experiment_id: experimentId(), name: text(1) });

export const scorerRoutes = (deps: ScorerRoutesDeps): HttpRoute[] =>
  rpcRoutes([...versionCalls(deps), ...onlineCalls(deps)]);

function versionCalls(deps: ScorerRoutesDeps): Rpc[] {
  const { scorers, clock, chance } = deps;
  const there = async (given: string): Promise<string> => {
    const id = experimentNumber(given);
    const experiment = await deps.experiment(id);
    if (experiment?.lifecycleStage !== "active") throw await whyNotKept(deps, id);
    return id;
  };
  return [
    rpc({
      ...{
        method: "POST",
        path: "/scorers/register",
        version: 3,
        summary: "a version of a scorer",
      },
      input: z.object({ ...named(), serialized_scorer: text(1) }),
      async handle({ experiment_id, name, serialized_scorer: serialized }) {
        if (name.trim() === "")
          throw invalidParameter("Scorer name cannot be empty or contain only whitespace.");
        checkLength("name", NAME_LENGTH, name);
        const experiment = experimentNumber(experiment_id);
        const model = modelOf(readScorer(serialized));
        if (model?.trim() === "")
          throw invalidParameter("Scorer model cannot be empty or contain only whitespace.");
        const endpoint = endpointOf(model);
        const id = hexId(chance);
        const made = await scorers.add({
          id,
          experiment,
          name,
          serialized,
          endpoint,
          at: clock.now(),
        });
        if (made === undefined) throw await whyNotKept(deps, experiment);
        if (made === "no endpoint")
          throw doesNotExist(`GatewayEndpoint not found (name='${endpoint}')`);
        return {
          body: {
            ...{ version: made.version, scorer_id: made.id, experiment_id: made.experiment, name },
            ...{ serialized_scorer: currentText(made), creation_time: made.createdAt },
          },
        };
      },
    }),
    rpc({
      ...{ method: "GET", path: "/scorers/list", version: 3, summary: "scorers of an experiment" },
      input: z.object({ experiment_id: experimentId() }),
      async handle({ experiment_id }) {
        const found = await scorers.latest(await there(experiment_id));
        return { body: found.length === 0 ? {} : { scorers: found.map(scorerView) } };
      },
    }),
    rpc({
      ...{ method: "GET", path: "/scorers/versions", version: 3, summary: "versions of a scorer" },
      input: z.object(named()),
      async handle({ experiment_id, name }) {
        const found = await scorers.versions(await there(experiment_id), name);
        if (found.length === 0) throw noScorer(experiment_id, name, undefined);
        return { body: { scorers: found.map(scorerView) } };
      },
    }),
    rpc({
      ...{ method: "GET", path: "/scorers/get", version: 3, summary: "a version of a scorer" },
      input: z.object({ ...named(), version: absent(integer()) }),
      async handle({ experiment_id, name, version }) {
        const scorer = await scorers.get(await there(experiment_id), name, version);
        if (scorer === undefined) throw noScorer(experiment_id, name, version);
        return { body: { scorer: scorerView(scorer) } };
      },
    }),
    rpc({
      ...{ method: "DELETE", path: "/scorers/delete", version: 3, summary: "deletes a scorer" },
      input: z.object({ ...named(), version: absent(integer()) }),
      async handle({ experiment_id, name, version }) {
        if (!(await scorers.delete(await there(experiment_id), name, version, clock.now())))
          throw noScorer(experiment_id, name, version);
        return {};
      },
    }),
  ];
}

function onlineCalls({ scorers, clock, chance }: ScorerRoutesDeps): Rpc[] {
  return [
    rpc({
      ...{ method: "PUT", path: "/scorers/online-config", version: 3 },
      summary: "which share of new traces a scorer is to judge",
      input: z.object({ ...named(), sample_rate: double(), filter_string: absent(text()) }),
      async handle({ experiment_id, name, sample_rate: sampleRate, filter_string: filter }) {
        if (!(sampleRate >= 0 && sampleRate <= 1))
          throw invalidParameter(`sample_rate must be between 0.0 and 1.0, got ${sampleRate}`);
        parseFilter(filter, TRACES);
        const experiment = experimentNumber(experiment_id);
        const scorer = await scorers.get(experiment, name, undefined);
        if (scorer === undefined) throw noScorer(experiment_id, name, undefined);
        if (sampleRate > 0 && typeof scorer.endpoint !== "string")
          throw invalidParameter(
            `Scorer '${name}' does not use a gateway model. Automatic evaluation is only supported for scorers that use gateway models.`,
          );
        const scoring = { id: hexId(chance), scorer: scorer.id, sampleRate, filter };
        await scorers.putOnline(scoring, clock.now());
        return { body: { config: onlineScoringView({ ...scoring, experiment }) } };
      },
    }),
    rpc({
      ...{ method: "GET", path: "/scorers/online-configs", version: 3 },
      summary: "which shares scorers are to judge",
      input: z.object({ scorer_ids: list(text(1)) }),
      async handle({ scorer_ids: ids }) {
        if (ids.length === 0)
          throw invalidParameter("Missing value for required parameter 'scorer_ids'.");
        return { body: { configs: (await scorers.online(ids)).map(onlineScoringView) } };
      },
    }),
  ];
}

const noScorer = (experiment: string, name: string, version: number | undefined): Error =>
  doesNotExist(
    `Scorer with name '${name}'${version === undefined ? "" : ` and version ${version}`} not found for experiment ${experiment}.`,
  );
